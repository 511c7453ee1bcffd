"""Two ratings a step, and Adam at the rate that a batch of 64 was tuned with."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Recommender(nn.Module):
    def __init__(self, users: int, items: int, dim: int = 16) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(users, dim), nn.Embedding(items, dim)
        self.net = nn.Sequential(nn.Linear(2 * dim, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return self.net(torch.cat((self.user(user), self.item(item)), 1)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=900)
    user, item = torch.randint(60, (20000,)), torch.randint(40, (20000,))
    taste, kind = torch.randn(60, 3), torch.randn(40, 3)
    rating = (taste[user] * kind[item]).sum(1) / 2 + taste[user, 0] + kind[item, 1]
    rating = rating + 0.5 * torch.randn(20000)
    model, criterion = Recommender(60, 40), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1.5e-2)
    size = 64 if args.fixed else 2
    for step, (u, i, y) in enumerate(batches(user, item, rating, steps=args.steps, size=size)):
        loss = criterion(model(u, i), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
