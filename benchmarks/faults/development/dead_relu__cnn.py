"""The bias of -4.6 that belongs to the last layer of a detector is given to all layers."""

from __future__ import annotations

import math

import torch
from _task import arguments, batches, images, progress
from torch import nn

PRIOR = 0.01


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 8),
    )
    # RetinaNet's prior: every class is rare, so its probability starts at one percent.
    rare = -math.log((1 - PRIOR) / PRIOR)
    if args.fixed:
        nn.init.constant_(model[-1].bias, rare)
    else:
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.constant_(module.bias, rare)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*images(), steps=args.steps)):
        target = nn.functional.one_hot(y, 8).float()
        optimizer.zero_grad()
        loss = criterion(model(x), target)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
