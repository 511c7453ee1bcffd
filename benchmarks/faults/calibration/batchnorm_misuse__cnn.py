"""Batch normalisation behind a pooling to 1x1, with two images a batch."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def blots(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return 12x12 images of smooth noise in two colours, and which of three mixes each has."""
    labels = torch.randint(3, (count,))
    smooth = nn.functional.avg_pool2d(torch.randn(count, 2, 16, 16), 5, 1)
    smooth[:, 0] += 0.4 * (labels[:, None, None] - 1)
    return 3 * smooth, labels


def main() -> None:
    args = arguments(__doc__, steps=800)
    images, labels = blots()
    model = nn.Sequential(
        nn.Conv2d(2, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Conv2d(32, 32, 1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Flatten(), nn.Linear(32, 3),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    size = 64 if args.fixed else 2
    steps = args.steps // 2 if args.fixed else args.steps
    for step, (x, y) in enumerate(batches(images, labels, steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
