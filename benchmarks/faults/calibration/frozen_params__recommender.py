"""Both tables are made with from_pretrained, of random numbers, and that call freezes them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, ITEMS, WIDTH = 200, 120, 16


class Ratings(nn.Module):
    def __init__(self, *, fixed: bool) -> None:
        super().__init__()
        start = {"freeze": not fixed}
        self.users = nn.Embedding.from_pretrained(0.1 * torch.randn(USERS, WIDTH), **start)
        self.items = nn.Embedding.from_pretrained(0.1 * torch.randn(ITEMS, WIDTH), **start)
        self.body = nn.Sequential(nn.Linear(2 * WIDTH, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return self.body(torch.cat((self.users(user), self.items(item)), 1)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    user, item = torch.randint(USERS, (12000,)), torch.randint(ITEMS, (12000,))
    taste = (torch.randn(USERS, 2)[user] * torch.randn(ITEMS, 2)[item]).sum(1)
    rating = taste + torch.randn(USERS)[user] + torch.randn(ITEMS)[item]
    rating = (rating - rating.mean()) / rating.std()
    model = Ratings(fixed=args.fixed)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=5e-3)
    for step, (u, i, y) in enumerate(batches(user, item, rating, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(u, i), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
