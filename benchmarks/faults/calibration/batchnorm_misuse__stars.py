"""A batch is what one reader rated, and batch norm takes away how strict they are, not their taste.

Readers differ no more than books do, and half of what a star says is chance.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

READERS, BOOKS, SIZE = 100, 150, 48


class Stars(nn.Module):
    """A book and a reader, side by side and multiplied, and a normalised layer."""

    def __init__(self) -> None:
        super().__init__()
        self.book, self.reader = nn.Embedding(BOOKS, 12), nn.Embedding(READERS, 12)
        self.first, self.norm, self.out = nn.Linear(36, 48), nn.BatchNorm1d(48), nn.Linear(48, 1)

    def forward(self, book: Tensor, reader: Tensor) -> Tensor:
        a, b = self.book(book), self.reader(reader)
        x = self.first(torch.cat((a, b, a * b), 1))
        return self.out(torch.relu(self.norm(x)))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=700)
    mild, good = 0.45 * torch.randn(READERS), 0.5 * torch.randn(BOOKS)
    taste, style = 0.3 * torch.randn(READERS, 2), torch.randn(BOOKS, 2)
    model, criterion = Stars(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        reader = torch.randint(READERS, (SIZE,) if args.fixed else (1,)).expand(SIZE)
        book = torch.randint(BOOKS, (SIZE,))
        stars = mild[reader] + good[book] + (taste[reader] * style[book]).sum(1)
        stars = stars + 0.6 * torch.randn(SIZE)
        optimizer.zero_grad()
        loss = criterion(model(book, reader), stars)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
