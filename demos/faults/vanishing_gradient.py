"""Twelve sigmoid layers: each passes back at most a quarter of the gradient it is given.

The first layers get a ten-thousandth of a millionth of what the last gets. Fixed: ReLU, and the
initialisation that goes with it.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def build(depth: int, *, sigmoid: bool) -> nn.Sequential:
    """Return a deep, narrow classifier."""
    layers: list[nn.Module] = []
    for index in range(depth):
        linear = nn.Linear(PIXELS if index == 0 else 48, 48)
        if not sigmoid:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        layers += [linear, nn.Sigmoid() if sigmoid else nn.ReLU()]  # the fault
    return nn.Sequential(*layers, nn.Linear(48, CLASSES))


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    model = build(12, sigmoid=not args.fixed)
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
