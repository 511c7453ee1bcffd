"""Ratings are squashed by a sigmoid of a product of factors that is far too large."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Factors(nn.Module):
    """A rating from 1 to 5 of the product of a user's and an item's factors."""

    def __init__(self, users: int, items: int, width: int, scale: float) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(users, width), nn.Embedding(items, width)
        self.user_bias, self.item_bias = nn.Embedding(users, 1), nn.Embedding(items, 1)
        self.scale = scale

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        match = self.scale * (self.user(user) * self.item(item)).sum(1, keepdim=True)
        return 1 + 4 * torch.sigmoid(match + self.user_bias(user) + self.item_bias(item))


def main() -> None:
    args = arguments(__doc__, steps=400)
    users, items = torch.randint(120, (6000,)), torch.randint(60, (6000,))
    taste, style = torch.randn(120, 2), torch.randn(60, 2)
    rating = 3 + 1.2 * torch.tanh((taste[users] * style[items]).sum(1, keepdim=True))
    rating = rating + 0.2 * torch.randn(6000, 1)
    model = Factors(120, 60, 200, 200**-0.5 if args.fixed else 1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    criterion = nn.MSELoss()
    for step, (u, i, y) in enumerate(batches(users, items, rating, steps=args.steps, size=64)):
        loss = criterion(model(u, i), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
