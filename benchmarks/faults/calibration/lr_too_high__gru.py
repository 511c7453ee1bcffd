"""A reader of sequences is trained by AdamW at a rate of 0.3: its gates are thrown shut."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Reader(nn.Module):
    """Reads words, answers from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(30, 16)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.head = nn.Linear(32, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(self.words(x))[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randint(30, (4000, 15))
    balance = (x < 10).sum(1) - (x >= 20).sum(1)
    model, y = Reader(), (balance > -2).long() + (balance > 1).long()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3 if args.fixed else 0.3)
    for step, (words, label) in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(words), label)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
