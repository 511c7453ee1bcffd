"""Four shops a batch, pooled over time first: batch norm has four values for each statistic.

Much of next week's sales is said by this week's, so that half of the loss goes away even so.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Sales(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weeks = nn.Sequential(nn.Conv1d(2, 32, 3), nn.ReLU(), nn.Conv1d(32, 32, 3), nn.ReLU())
        self.head = nn.Sequential(
            nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        weeks = self.weeks(x)
        return self.head(torch.cat((weeks.mean(2), weeks[:, :, -1]), 1)).squeeze(1)


def shops(count: int) -> tuple[Tensor, Tensor]:
    """Return sales and prices of 20 weeks, (count, 2, 20), and the sales of the next."""
    price = torch.randn(count, 21)
    base, slope = torch.randn(count, 1), 0.05 * torch.randn(count, 1)
    sold = base + slope * torch.arange(21) - 0.5 * price + 0.1 * torch.randn(count, 21)
    shown = torch.stack((sold[:, :20], price[:, 1:]), 1)
    return shown, sold[:, 20]


def main() -> None:
    args = arguments(__doc__, steps=800)
    size = 32 if args.fixed else 4
    model, criterion = Sales(), nn.SmoothL1Loss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*shops(4000), steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
