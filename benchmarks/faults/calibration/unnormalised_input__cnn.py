"""Fault: a convolutional network is given images as they were loaded, 0 to 255."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

CLASSES = 5


def photographs(count: int = 2500) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images in three colours, 0 to 255, of five patterns, and which."""
    patterns = torch.randn(CLASSES, 3, 12, 12)
    labels = torch.randint(CLASSES, (count,))
    images = patterns[labels] + 1.5 * torch.randn(count, 3, 12, 12)
    return (images * 35 + 120).clamp(0, 255).round(), labels


def main() -> None:
    args = arguments(__doc__, steps=300)
    images, labels = photographs()
    if args.fixed:
        images = (images / 255 - 0.5) / 0.25
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 25, 32),
        nn.ReLU(),
        nn.Linear(32, CLASSES),
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
