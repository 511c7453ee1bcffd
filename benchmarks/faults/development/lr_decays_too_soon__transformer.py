"""The milestones of the schedule were copied from a shorter training: at step 60 it is over."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, text
from torch import Tensor, nn

VOCABULARY, LENGTH = 24, 20


class Decoder(nn.Module):
    def __init__(self, dim: int = 40) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, dim)
        self.where = nn.Embedding(LENGTH, dim)
        layer = nn.TransformerEncoderLayer(
            dim, 4, 80, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, VOCABULARY))

    def forward(self, tokens: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)
        return self.out(self.layers(self.embed(tokens) + self.where.weight, mask=mask))


def main() -> None:
    args = arguments(__doc__, steps=350)
    model = Decoder()
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    milestones = [250, 300, 330] if args.fixed else [20, 40, 60]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, gamma=0.1)
    for step, (tokens,) in enumerate(batches(text(), steps=args.steps, size=24)):
        logits = model(tokens[:, :-1])
        loss = loss_fn(logits.reshape(-1, VOCABULARY), tokens[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
