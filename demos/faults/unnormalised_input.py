"""Pixels from 0 to 255 go into the network as they are.

The first steps throw the weights so far that no unit fires any more. Fixed: mean 0, std 1.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    pixels = (images * 40 + 128).clamp(0, 255).round()
    if args.fixed:
        pixels = (pixels - pixels.mean()) / pixels.std()  # what is missing
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(pixels, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
