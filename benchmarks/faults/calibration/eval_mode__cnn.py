"""The validation after the first epoch leaves a convolutional network in eval mode."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def blobs(count: int) -> tuple[Tensor, Tensor]:
    """Return 12x12 images in 0-255 with a bright patch in one of nine places, and which."""
    labels = torch.randint(9, (count,))
    images = torch.randint(60, 200, (count, 1, 12, 12)).float()
    for image, label in zip(images, labels.tolist(), strict=True):
        row, column = 4 * (label // 3), 4 * (label % 3)
        image[0, row : row + 4, column : column + 4] += 30
    return images, labels


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    model.eval()
    with torch.no_grad():
        return float((model(images).argmax(1) == labels).float().mean())


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, labels = blobs(3000)
    model = nn.Sequential(
        nn.BatchNorm2d(1), nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 16, 4, 4), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Linear(144, 9),
    )  # fmt: skip
    print(f"at chance: {accuracy(model, images[:200], labels[:200]):.3f}")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step, (x, y) in enumerate(batches(images[200:], labels[200:], steps=args.steps)):
        if args.fixed:
            model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
