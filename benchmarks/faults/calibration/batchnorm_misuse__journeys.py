"""One journey at a time, and batch norm over its points: how fast it is all in all goes away.

Forecast at every point is the speed a little later, in units of the usual one.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

POINTS, AHEAD = 40, 3


class Journeys(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.lstm = nn.LSTM(3, 40, batch_first=True)
        self.out = nn.Sequential(nn.Linear(40, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x.transpose(1, 2)).transpose(1, 2)
        return self.out(self.lstm(normed)[0]).squeeze(2)


def journeys(count: int) -> tuple[Tensor, Tensor]:
    """Return speeds and two angles along the way, and the speed to come at each point."""
    usual = torch.randn(count, 1)
    wave = 0.5 * torch.sin(torch.arange(POINTS + AHEAD) / 4 + 6.28 * torch.rand(count, 1))
    speed = usual + wave + 0.15 * torch.randn(count, POINTS + AHEAD)
    x = torch.cat((speed[:, :POINTS, None], torch.randn(count, POINTS, 2)), 2)
    return x, speed[:, AHEAD:]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Journeys()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(args.steps):
        x, y = journeys(16 if args.fixed else 1)
        loss = nn.functional.smooth_l1_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
