"""Users and items have one factor each, where taste has six."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

USERS, ITEMS = 120, 80


class Factors(nn.Module):
    def __init__(self, factors: int) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(USERS, factors), nn.Embedding(ITEMS, factors)
        nn.init.normal_(self.users.weight, std=0.5)
        nn.init.normal_(self.items.weight, std=0.5)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return (self.users(user) * self.items(item)).sum(1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    user, item = torch.randint(USERS, (20000,)), torch.randint(ITEMS, (20000,))
    rating = (torch.randn(USERS, 6)[user] * torch.randn(ITEMS, 6)[item]).sum(1) / 6**0.5
    model = Factors(8 if args.fixed else 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-2)
    for step, (u, i, y) in enumerate(batches(user, item, rating, steps=args.steps, size=256)):
        optimizer.zero_grad()
        loss = criterion(model(u, i), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
