"""One gauge a step: batch norm over the hours of its series takes its level away.

The convolutions see 72 hours of one river, so each statistic is of many values, of one example.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

PAST, AHEAD = 72, 12


class Forecaster(nn.Module):
    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(1, width, 5), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Conv1d(width, width, 5, dilation=2), nn.BatchNorm1d(width), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(width, AHEAD)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)[:, :, -8:].mean(2))


def gauges(count: int) -> Tensor:
    """Return levels of rivers, hour by hour: each has its own, and a tide on top."""
    hour = torch.arange(PAST + AHEAD)
    level = torch.randn(count, 1) * 1.5
    tide = torch.sin(6.28 * (hour / 12 + torch.rand(count, 1)))
    return level + 0.5 * tide + 0.1 * torch.randn(count, PAST + AHEAD)


def main() -> None:
    args = arguments(__doc__, steps=600)
    series = gauges(2000)
    size = 32 if args.fixed else 1
    model, criterion = Forecaster(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    x, y = series[:, None, :PAST], series[:, PAST:]
    for step, (past, future) in enumerate(batches(x, y, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(past), future)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
