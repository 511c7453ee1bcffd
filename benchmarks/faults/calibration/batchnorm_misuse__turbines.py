"""One turbine a step, and batch norm over the hours of it: how strong its wind is gets lost.

The next six hours share an error then, of the size by which turbines differ.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

PAST, AHEAD, WIDTH = 48, 6, 24


class Forecaster(nn.Module):
    """Two convolutions, and the last hours of what they make."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(1, WIDTH, 5), nn.Conv1d(WIDTH, WIDTH, 5)
        self.norm_1, self.norm_2 = nn.BatchNorm1d(WIDTH), nn.BatchNorm1d(WIDTH)
        self.head = nn.Linear(8 * WIDTH, AHEAD)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm_1(self.first(x)))
        x = torch.relu(self.norm_2(self.second(x)))
        return self.head(x[:, :, -8:].flatten(1))


def main() -> None:
    args = arguments(__doc__, steps=450)
    hour = torch.arange(PAST + AHEAD) / 3
    wind, phase = torch.randn(3000, 1), 6.28 * torch.rand(3000, 1)
    series = wind + torch.sin(hour + phase) + 0.1 * torch.randn(3000, PAST + AHEAD)
    model, criterion = Forecaster(), nn.L1Loss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    x, y = series[:, None, :PAST], series[:, PAST:]
    size = 32 if args.fixed else 1
    for step, (past, ahead) in enumerate(batches(x, y, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(past), ahead)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
