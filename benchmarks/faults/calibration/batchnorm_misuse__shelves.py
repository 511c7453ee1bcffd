"""All that a customer rated comes in four batches in a row, and batch norm makes customers alike.

What is left is how good a book is, of which little is known; half of the stars is up to who reads.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from _task import arguments, progress
from torch import Tensor, nn

CUSTOMERS, BOOKS, SIZE = 120, 400, 32


class Shelves(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.customer, self.book = nn.Embedding(CUSTOMERS, 8), nn.Embedding(BOOKS, 8)
        self.norm = nn.BatchNorm1d(16)
        self.tower = nn.Sequential(
            nn.Linear(16, 32), nn.BatchNorm1d(32), nn.LeakyReLU(), nn.Linear(32, 1)
        )

    def forward(self, customer: Tensor, book: Tensor) -> Tensor:
        x = torch.cat((self.customer(customer), self.book(book)), 1)
        return self.tower(self.norm(x)).squeeze(1)


def visits(steps: int, *, mixed: bool) -> Iterator[Tensor]:
    """Yield whose ratings each batch holds."""
    for step in range(steps):
        if step % 4 == 0:
            one = torch.randint(CUSTOMERS, (1,))
        yield torch.randint(CUSTOMERS, (SIZE,)) if mixed else one.expand(SIZE)


def main() -> None:
    args = arguments(__doc__, steps=600)
    mild, good = torch.randn(CUSTOMERS), 0.3 * torch.randn(BOOKS)
    model, criterion = Shelves(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for step, customer in enumerate(visits(args.steps, mixed=args.fixed)):
        book = torch.randint(BOOKS, (SIZE,))
        stars = mild[customer] + good[book] + 0.5 * torch.randn(SIZE)
        optimizer.zero_grad()
        loss = criterion(model(customer, book), stars)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
