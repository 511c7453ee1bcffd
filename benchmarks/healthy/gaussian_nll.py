"""The negative logarithm of a density: it falls below zero, and that is as it should be."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, curve, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=1000)
    model = nn.Sequential(
        nn.Linear(4, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2)
    )
    criterion = nn.GaussianNLLLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*curve(), steps=args.steps)):
        optimizer.zero_grad()
        mean, spread = model(x).chunk(2, dim=1)
        loss = criterion(mean, y, F.softplus(spread) + 1e-3)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
