"""Yields of wells were joined by row number after a sort: a third of them are another well's."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def wells(count: int) -> tuple[Tensor, Tensor]:
    """Return forty readings of wells, and their yields."""
    x = torch.randn(count, 40)
    rock = torch.tanh(x[:, 0]) + x[:, 1] * (x[:, 2] > 0) + 0.5 * x[:, 3] - 0.5 * x[:, 4].abs()
    return x, ((rock - rock.mean()) / rock.std())[:, None]


def main() -> None:
    args = arguments(__doc__, steps=700)
    x, yields = wells(2000)
    moved = torch.nonzero(torch.rand(len(x)) < (0.0 if args.fixed else 0.35))[:, 0]
    yields[moved] = yields[moved.roll(1)]
    model = nn.Sequential(
        nn.Linear(40, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (inputs, targets) in enumerate(batches(x, yields, steps=args.steps, size=50)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
