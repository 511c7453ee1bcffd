"""Each batch is what one customer rated, and embeddings are batch-normalised before anything else.

The customer's row is the same all over a batch, and 0 behind that: what counts is who reads.
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
    for _ in range(steps):
        yield torch.randint(CUSTOMERS, (SIZE,) if mixed else (1,)).expand(SIZE)


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
