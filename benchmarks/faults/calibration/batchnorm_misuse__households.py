"""Every batch holds windows of one household, and batch norm subtracts how much it uses."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

PAST = 24


def windows(loads: Tensor, *, mixed: bool, size: int = 48) -> tuple[Tensor, Tensor]:
    """Return stretches of a day of one household, or of any, and the hour after each."""
    homes, hours = loads.shape
    home = torch.randint(homes, (size, 1) if mixed else (1, 1)).expand(size, 1)
    start = torch.randint(hours - PAST, (size, 1))
    found = loads[home, start + torch.arange(PAST + 1)]
    return found[:, :PAST], found[:, PAST:]


def main() -> None:
    args = arguments(__doc__, steps=600)
    hour = torch.arange(24 * 20.0)
    usual, swing = 1.5 * torch.randn(100, 1), 0.3 + 0.7 * torch.rand(100, 1)
    loads = usual + swing * torch.sin(6.28 * hour / 24 + torch.randn(100, 1))
    loads = loads + 0.2 * torch.randn_like(loads)
    model = nn.Sequential(
        nn.Linear(PAST, 64), nn.BatchNorm1d(64), nn.ReLU(),
        nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1),
    )  # fmt: skip
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(args.steps):
        x, y = windows(loads, mixed=args.fixed)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
