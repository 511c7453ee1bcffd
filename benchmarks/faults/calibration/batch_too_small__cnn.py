"""A loop over single images with the learning rate of a recipe for batches of 64."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def discs(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return noisy 10x10 images of a bright patch, and in which of four corners it lies."""
    images, labels = 1.5 * torch.randn(count, 1, 10, 10), torch.randint(4, (count,))
    for image, label in zip(images, labels.tolist(), strict=True):
        row, column = 5 * (label // 2), 5 * (label % 2)
        image[0, row : row + 5, column : column + 5] += 0.7
    return images, labels


def main() -> None:
    args = arguments(__doc__, steps=1200)
    images, labels = discs()
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(8 * 36, 4),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    size = 64 if args.fixed else 1
    steps = args.steps // 3 if args.fixed else args.steps
    for step, (x, y) in enumerate(batches(images, labels, steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
