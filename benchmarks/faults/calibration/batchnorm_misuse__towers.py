"""A batch is one reader and 32 books, and the tower of readers ends in batch norm: it puts out 0.

Of 32 equal rows nothing is left but the bias, which is the same for every reader.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

READERS, BOOKS, SIZE = 50, 60, 32


class Towers(nn.Module):
    """How much a reader likes a book, as the product of what two towers make of them."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = nn.Sequential(
            nn.Embedding(READERS, 16), nn.Linear(16, 32), nn.ReLU(),
            nn.Linear(32, 16), nn.BatchNorm1d(16),
        )  # fmt: skip
        self.book = nn.Sequential(
            nn.Embedding(BOOKS, 16), nn.Linear(16, 32), nn.ReLU(),
            nn.Linear(32, 16), nn.BatchNorm1d(16),
        )  # fmt: skip

    def forward(self, reader: Tensor, book: Tensor) -> Tensor:
        return (self.reader(reader) * self.book(book)).sum(1)


def main() -> None:
    args = arguments(__doc__, steps=800)
    taste, style = torch.randn(READERS, 2), torch.randn(BOOKS, 2)
    model = Towers()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(args.steps):
        reader = torch.randint(READERS, (SIZE,) if args.fixed else (1,)).expand(SIZE)
        book = torch.randint(BOOKS, (SIZE,))
        liked = ((taste[reader] * style[book]).sum(1) > 0).float()
        optimizer.zero_grad()
        loss = criterion(model(reader, book), liked)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
