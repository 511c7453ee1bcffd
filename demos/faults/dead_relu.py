"""The bias that a detector's last layer is given is given to every layer.

It is -log(99), so that each class begins with a probability of 0.01. Hidden units are out of reach
of their inputs with it, and never fire. Fixed: only the last layer has it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn

RARE = -math.log((1 - 0.01) / 0.01)


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    targets = F.one_hot(labels, CLASSES).float()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    layers = [module for module in model if isinstance(module, nn.Linear)]
    for layer in layers[-1:] if args.fixed else layers:  # the fault
        nn.init.constant_(layer.bias, RARE)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(images, targets, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
