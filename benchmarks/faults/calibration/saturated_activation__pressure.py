"""The next of a smooth series by tanh units over sums of 48 readings, whose weights start at 3.

What units know is on which side of a line the day was: most, as the series is smooth, but rough.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

DAY, UNITS = 48, 64


class Forecast(nn.Module):
    def __init__(self, std: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(DAY, UNITS)
        self.head = nn.Linear(UNITS, 1)
        nn.init.normal_(self.hidden.weight, std=std)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.hidden(x)))


def series(count: int = 4000) -> tuple[Tensor, Tensor]:
    """Return windows of a wave of a slow and a fast part, and what comes after each."""
    start = 100 * torch.rand(count, 1)
    t = start + torch.arange(DAY + 1.0)
    wave = torch.sin(t / 11) + 0.5 * torch.sin(t * 1.7 + 1)
    wave = wave / wave.std() + 0.02 * torch.randn(count, DAY + 1)
    return wave[:, :-1], wave[:, -1:]


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = Forecast(0.1 if args.fixed else 8.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(*series(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
