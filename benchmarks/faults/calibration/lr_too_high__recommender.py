"""Adam gets the learning rate of an SGD recipe: the ratings are forgotten for their mean."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def ratings(count: int = 6000) -> tuple[Tensor, Tensor, Tensor]:
    """Return who rated what, and by how much above the mean."""
    taste, style = torch.randn(120, 2), torch.randn(60, 2)
    user, item = torch.randint(120, (count,)), torch.randint(60, (count,))
    liking = (taste[user] * style[item]).sum(1) + style[item, 0]
    return user, item, 0.6 * liking + 0.2 * torch.randn(count)


class TwoTower(nn.Module):
    """A table of users and one of items, judged together by two layers."""

    def __init__(self, dim: int = 16) -> None:
        super().__init__()
        self.users = nn.Embedding(120, dim)
        self.items = nn.Embedding(60, dim)
        self.judge = nn.Sequential(nn.Linear(2 * dim, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        both = torch.cat((self.users(user), self.items(item)), 1)
        return self.judge(both).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = TwoTower()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3 if args.fixed else 0.2)
    for step, (user, item, rating) in enumerate(batches(*ratings(), steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(user, item), rating)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
