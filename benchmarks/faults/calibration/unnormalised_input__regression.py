"""Fault: columns of a table go into a network as they are: years, metres, dollars."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def table(count: int = 3000) -> tuple[Tensor, Tensor]:
    """Return age, income, distance and rooms of households, and a score of mean 0."""
    unit = torch.randn(count, 4)
    scale = torch.tensor([12.0, 20_000.0, 900.0, 1.5])
    columns = unit * scale + torch.tensor([40.0, 60_000.0, 2500.0, 5.0])
    score = torch.sin(unit[:, :1]) + unit[:, 1:2] * unit[:, 2:3] - 0.5 * unit[:, 3:]
    return columns, score + 0.1 * torch.randn(count, 1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    columns, score = table()
    if args.fixed:
        columns = (columns - columns.mean(0)) / columns.std(0)
    model = nn.Sequential(
        nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(columns, score, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
