"""Three hidden units for a bumpy function of six numbers."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    x = torch.randn(6000, 6)
    y = torch.sin(2 * x[:, 0]) * x[:, 1] + torch.cos(2 * x[:, 2]) + x[:, 3] * x[:, 4]
    y = ((y - y.mean()) / y.std())[:, None]
    hidden = 128 if args.fixed else 3
    model = nn.Sequential(
        nn.Linear(6, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
