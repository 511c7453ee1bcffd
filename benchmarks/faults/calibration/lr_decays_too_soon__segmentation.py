"""The polynomial decay of a segmentation recipe is given the batches of four cards, not of one."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def discs(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return noisy 16x16 images of a bright or a dark disc, and the class of each pixel."""
    axis = torch.arange(16.0)
    at, radius = torch.randint(4, 12, (2, count, 1, 1)), torch.randint(2, 5, (count, 1, 1))
    inside = (axis - at[0]).square() + (axis[:, None] - at[1]).square() <= radius.square()
    kind = torch.randint(2, (count, 1, 1))
    images = torch.where(inside, 2.0 * kind - 1, torch.zeros(())) + 0.7 * torch.randn(count, 16, 16)
    return images[:, None], torch.where(inside, 1 + kind, 0)


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(),
        nn.Conv2d(12, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(),
        nn.Conv2d(12, 3, 1),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    length = args.steps if args.fixed else args.steps // 16
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: max(1e-3, (1 - min(1, step / length)) ** 0.9)
    )
    for step, (images, labels) in enumerate(batches(*discs(), steps=args.steps, size=16)):
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
