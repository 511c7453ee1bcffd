"""The gradients are cleared after backward() and before step(): every step finds none."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, surface
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, heights = surface()
    model = nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(points, heights, steps=args.steps)):
        if args.fixed:
            optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        if not args.fixed:
            optimizer.zero_grad()  # the fault: one line too late
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
