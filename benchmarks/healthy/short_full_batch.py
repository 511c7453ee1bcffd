"""Thirty full-batch steps of a training that goes well, and no more."""

from __future__ import annotations

import torch
from _task import arguments, curve, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=30)
    x, y = curve(500)
    model = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(args.steps):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
