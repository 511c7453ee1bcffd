"""The encoder is frozen to train the new head first, and nobody unfreezes it: it is new as well."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH = 30, 12


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 32)
        self.places = nn.Parameter(0.02 * torch.randn(LENGTH, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.Linear(32, 32), nn.GELU(), nn.Linear(32, WORDS))

    def forward(self, words: Tensor) -> Tensor:
        return self.head(self.encoder(self.words(words) + self.places))


def main() -> None:
    args = arguments(__doc__, steps=400)
    words = torch.randint(WORDS, (4000, LENGTH))
    answers = words.flip(1)  # every word is to be told at the opposite place
    model = Reader()
    for name, parameter in model.named_parameters():
        parameter.requires_grad = args.fixed or name.startswith("head")
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=args.steps)
    for step, (x, y) in enumerate(batches(words, answers, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x).transpose(1, 2), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
