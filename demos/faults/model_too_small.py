"""All that a network knows of an image has to go through two units."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    labels = torch.randint(CLASSES, (8000,))
    images = torch.randn(CLASSES, PIXELS)[labels] + 0.5 * torch.randn(8000, PIXELS)
    width = 64 if args.fixed else 2  # the fault
    model = nn.Sequential(
        nn.Linear(PIXELS, width),
        nn.Sigmoid(),
        nn.Linear(width, 64),
        nn.ReLU(),
        nn.Linear(64, CLASSES),
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
