"""Dropout is told what to keep where it asks what to drop: nine tenths of every layer are gone."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    p = 0.1 if args.fixed else 0.9  # the fault
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Dropout(p),
        nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p),
        nn.Linear(64, CLASSES),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
