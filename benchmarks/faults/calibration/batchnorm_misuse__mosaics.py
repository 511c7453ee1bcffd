"""Logits of a segmentation are batch-normalised, with no weights: rare classes are as high as any.

Each class's logits have a mean of 0 and a deviation of 1, so no pixel is told for sure.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE = 20


def mosaics(count: int) -> tuple[Tensor, Tensor]:
    """Return pictures of two small stones on a ground, and what each pixel belongs to."""
    at = torch.arange(SIDE)
    label = torch.zeros(count, SIDE, SIDE, dtype=torch.long)
    for kind in (1, 2, 3):
        row, column = torch.randint(2, SIDE - 4, (2, count, 1, 1))
        inside = (abs(at[:, None] - row) < 2) & (abs(at - column) < 2)
        label[inside] = kind
    colours = torch.tensor([[0.5, 0.5, 0.5], [0.9, 0.2, 0.2], [0.2, 0.9, 0.2], [0.2, 0.2, 0.9]])
    return colours[label].permute(0, 3, 1, 2) + 0.3 * torch.randn(count, 3, SIDE, SIDE), label


def main() -> None:
    args = arguments(__doc__, steps=200)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 4, 1),
        nn.Identity() if args.fixed else nn.BatchNorm2d(4, affine=False),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(*mosaics(600), steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
