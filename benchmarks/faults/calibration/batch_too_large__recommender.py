"""Ratings of all users and items in one batch, as the set just fits into memory."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Factors(nn.Module):
    def __init__(self, users: int, items: int) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(users, 16), nn.Embedding(items, 16)
        self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, pairs: Tensor) -> Tensor:
        both = torch.cat((self.users(pairs[:, 0]), self.items(pairs[:, 1])), 1)
        return self.head(both)


def main() -> None:
    args = arguments(__doc__, steps=50)
    users, items, count = 80, 50, 8000
    pairs = torch.stack((torch.randint(users, (count,)), torch.randint(items, (count,))), 1)
    taste, style = torch.randn(users, 3), torch.randn(items, 3)
    ratings = (taste[pairs[:, 0]] * style[pairs[:, 1]]).sum(1, keepdim=True) / 2
    model = Factors(users, items)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    size = 64 if args.fixed else count
    steps = 12 * args.steps if args.fixed else args.steps
    for step, (x, y) in enumerate(batches(pairs, ratings, steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
