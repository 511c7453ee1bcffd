"""All examples in every batch: an epoch is one step, and forty epochs are forty steps."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=40)
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    size = 64 if args.fixed else len(images)  # the fault
    epochs = args.steps // 4 if args.fixed else args.steps
    steps = epochs * (len(images) // size)
    for step, (x, y) in enumerate(batches(images, labels, steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
