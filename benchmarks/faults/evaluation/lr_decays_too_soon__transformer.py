"""StepLR was meant to halve the learning rate every ten epochs, but is stepped every batch.

As in https://github.com/leftthomas/SRGAN/issues/94, whose training started once it was moved.
"""

from __future__ import annotations

import torch
from _task import arguments, progress, text
from torch import Tensor, nn
from torch.utils.data import DataLoader

VOCABULARY = 24


class LanguageModel(nn.Module):
    def __init__(self, dim: int = 32, length: int = 20) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, dim)
        self.place = nn.Parameter(0.1 * torch.randn(length, dim))
        layer = nn.TransformerEncoderLayer(
            dim, 4, 64, dropout=0.0, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(dim, VOCABULARY)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens) + self.place
        return self.head(self.encoder(x, mask=self.mask, is_causal=True))


def main() -> None:
    args = arguments(__doc__, steps=300)
    loader = DataLoader(text(960), batch_size=32, shuffle=True, drop_last=True)
    model = LanguageModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    criterion = nn.CrossEntropyLoss()

    step = 0
    while step < args.steps:
        for sequence in loader:
            optimizer.zero_grad()
            logits = model(sequence[:, :-1])
            loss = criterion(logits.flatten(0, 1), sequence[:, 1:].flatten())
            loss.backward()
            optimizer.step()
            if not args.fixed:
                scheduler.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break
        if args.fixed:
            scheduler.step()


if __name__ == "__main__":
    main()
