"""Ratings as a column meet predictions as a vector in a loss that is written by hand."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Recommender(nn.Module):
    """Predicts a rating from the vectors of a user and an item."""

    def __init__(self) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(60, 16), nn.Embedding(80, 16)
        self.offset = nn.Embedding(80, 1)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        match = (self.users(user) * self.items(item)).sum(1)
        return 0.25 * match + self.offset(item)[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=500)
    user, item = torch.randint(60, (4000,)), torch.randint(80, (4000,))
    ratings = (torch.randn(60, 3)[user] * torch.randn(80, 3)[item]).sum(1, keepdim=True)
    model = Recommender()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (u, i, rating) in enumerate(batches(user, item, ratings, steps=args.steps)):
        optimizer.zero_grad()
        gap = model(u, i) - (rating[:, 0] if args.fixed else rating)
        loss = gap.abs().mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
