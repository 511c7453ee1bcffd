"""Batches of two plants take turns, each normalised by its own statistics: in eval mode by neither.

What runs along is between the two, so that the forecasts of both are wrong once it counts.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

PAST = 16


def hours(plant: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return windows of output of the plants, on the scale of each, and its next value."""
    which = plant.expand(size)[:, None]
    time = torch.arange(PAST + 1) / 3 + 6.28 * torch.rand(size, 1)
    wave = torch.sin(time * torch.where(which > 0, 1.0, 1.7)) + 0.1 * torch.randn(size, PAST + 1)
    x = torch.where(which > 0, 6.0 + 4.0 * wave, 0.5 * wave - 3.0)
    return x[:, :PAST], wave[:, PAST:]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = nn.Sequential(
        nn.BatchNorm1d(PAST), nn.Linear(PAST, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    held_out = hours(torch.randint(2, (512,)), 512)
    for step in range(args.steps):
        model.train()
        plant = torch.randint(2, (64,)) if args.fixed else torch.tensor([step % 2])
        x, y = hours(plant, 64)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 25 == 24:
            model.eval()
            with torch.no_grad():
                criterion(model(held_out[0]), held_out[1])


if __name__ == "__main__":
    main()
