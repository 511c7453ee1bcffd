"""The sum of all absolute weights stands in the loss with a factor that nothing can pay for."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    factor = 1e-5 if args.fixed else 0.05  # the fault
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        penalty = sum(p.abs().sum() for p in model.parameters())
        loss = criterion(model(x), y) + factor * penalty
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
