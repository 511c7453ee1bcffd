"""The whole table as one batch: a hundred epochs are a hundred steps."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=100)
    x = torch.randn(6000, 10)
    y = torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(6000, 1)
    model = nn.Sequential(
        nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    size = 32 if args.fixed else len(x)
    steps = 6 * args.steps if args.fixed else args.steps
    for step, (inputs, targets) in enumerate(batches(x, y, steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
