"""A price a square metre is one output divided by another, which now and then is nearly nothing."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Ratio(nn.Module):
    """A price and an area, and the one over the other; fixed: an area has a least size."""

    def __init__(self, bounded: bool) -> None:
        super().__init__()
        self.bounded = bounded
        self.body = nn.Sequential(nn.Linear(8, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh())
        self.price, self.area = nn.Linear(48, 1), nn.Linear(48, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        area = self.area(x)
        return self.price(x) / (nn.functional.softplus(area) + 0.3 if self.bounded else area)


def flats(count: int = 5000) -> tuple[Tensor, Tensor]:
    """Return what is known of flats, and what a square metre of each costs, in units."""
    x = torch.randn(count, 8)
    y = (x[:, :1] + 0.8 * x[:, 1:2] * x[:, 2:3]) / (0.7 + x[:, 3:4].sigmoid())
    return x, y + 0.2 * torch.randn(count, 1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Ratio(args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.MSELoss()
    for step, (x, y) in enumerate(batches(*flats(), steps=args.steps, size=64)):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
