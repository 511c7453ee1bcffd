"""Fault: a recommender returns a probability of a click, and BCEWithLogitsLoss takes a logit."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, ITEMS, TASTES = 200, 100, 4


class Recommender(nn.Module):
    """Inner products of users and items, and how popular those are."""

    def __init__(self, *, probability: bool) -> None:
        super().__init__()
        self.users = nn.Embedding(USERS, 16)
        self.items = nn.Embedding(ITEMS, 16)
        self.popularity = nn.Embedding(ITEMS, 1)
        self.probability = probability

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        score = (self.users(users) * self.items(items)).sum(1) / 4
        score = score + self.popularity(items)[:, 0]
        return torch.sigmoid(score) if self.probability else score


def main() -> None:
    args = arguments(__doc__, steps=500)
    users, items = torch.randint(USERS, (20_000,)), torch.randint(ITEMS, (20_000,))
    tastes, kinds = torch.randn(USERS, TASTES), torch.randn(ITEMS, TASTES)
    clicks = ((tastes[users] * kinds[items]).sum(1) > 0).float()
    model = Recommender(probability=not args.fixed)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step, (u, i, y) in enumerate(batches(users, items, clicks, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(u, i), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
