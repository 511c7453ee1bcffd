"""Dropout of 0.95 on the feature maps, meant as the share to keep."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def rings(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images of a ring, and which of four sizes it has."""
    labels, axis = torch.randint(4, (count,)), torch.arange(12.0) - 5.5
    radius = (axis[:, None] ** 2 + axis**2).sqrt()
    images = torch.exp(-((radius - 1.5 - 1.2 * labels[:, None, None]) ** 2))
    return images[:, None] + 0.5 * torch.randn(count, 1, 12, 12), labels


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, labels = rings()
    p = 0.1 if args.fixed else 0.95
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(p),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(p),
        nn.Flatten(), nn.Linear(144, 4),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
