"""Batch normalisation over batches of two: each unit is put at +1 or -1, whatever it was."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.BatchNorm1d(64), nn.ReLU(),
        nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
        nn.Linear(64, CLASSES),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    size = 32 if args.fixed else 2  # the fault
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
