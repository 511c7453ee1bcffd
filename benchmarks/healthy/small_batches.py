"""Batches of two: single losses jump about, their average falls."""

from __future__ import annotations

import torch
from _task import arguments, batches, blobs, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=1500)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    for step, (x, y) in enumerate(batches(*blobs(spread=1.5), steps=args.steps, size=2)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
