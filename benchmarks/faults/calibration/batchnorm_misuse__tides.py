"""A batch is one station's windows, and batch norm before the output makes them all alike.

What is forecast is the height itself; the output layer gets numbers without the station's mean.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

PAST, AHEAD = 30, 6


class Tides(nn.Module):
    """A GRU, and the state behind the last hour, normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(1, 32, batch_first=True)
        self.norm, self.out = nn.BatchNorm1d(32), nn.Linear(32, AHEAD)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(self.recurrent(x)[0][:, -1]))


def windows(stations: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return hours at the stations, (size, past, 1), and the hours after them."""
    mean, swing = stations.expand(size, 2).unbind(1)
    time = torch.arange(PAST + AHEAD) + 24 * torch.rand(size, 1)
    high = mean[:, None] + swing[:, None] * torch.sin(6.28 * time / 12.4)
    high = high + 0.15 * torch.randn_like(high)
    return high[:, :PAST, None], high[:, PAST:]


def main() -> None:
    args = arguments(__doc__, steps=400)
    known = torch.stack((torch.randn(40), 0.3 + torch.rand(40)), 1)
    model, criterion = Tides(), nn.MSELoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    for step in range(args.steps):
        at = torch.randint(40, (32,) if args.fixed else (1,))
        x, y = windows(known[at], 32)
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
