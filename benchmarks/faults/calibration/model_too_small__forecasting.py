"""A recurrent forecaster with one hidden unit has to remember four channels of waves."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

CHANNELS = 4


class Forecaster(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.recurrent = nn.GRU(CHANNELS, hidden, batch_first=True)
        self.out = nn.Linear(hidden, CHANNELS)

    def forward(self, past: Tensor) -> Tensor:
        return self.out(self.recurrent(past)[0][:, -1])


def waves(count: int, length: int = 16) -> tuple[Tensor, Tensor]:
    """Return stretches of four independent waves, and their next values."""
    time = torch.arange(length + 1.0)[:, None]
    speed = torch.tensor([0.3, 0.5, 0.7, 1.1])
    series = 1.4 * torch.sin(speed * time + 6.28 * torch.rand(count, 1, CHANNELS))
    series = series + 0.05 * torch.randn_like(series)
    return series[:, :-1], series[:, -1]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Forecaster(48 if args.fixed else 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 200, gamma=0.5)
    for step, (past, coming) in enumerate(batches(*waves(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(past), coming)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
