"""Four in ten pictures bear the label of the class that looks most like theirs.

Noise of the kind that Patrini et al. 2017 (Making Deep Neural Networks Robust to Label Noise) put
into CIFAR-10: truck to automobile, bird to airplane, deer to horse, cat and dog to each other.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

KINDS = 8


def pictures(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy 10x10 pictures of a stripe in one of eight places, and in which."""
    kind = torch.randint(KINDS, (count,))
    images = 0.4 * torch.randn(count, 1, 10, 10)
    for image, k in zip(images, kind.tolist(), strict=True):
        if k < KINDS // 2:
            image[0, 2 * k : 2 * k + 2] += 1
        else:
            image[0, :, 2 * k - KINDS : 2 * k - KINDS + 2] += 1
    return images, kind


def main() -> None:
    args = arguments(__doc__, steps=500)
    images, kind = pictures(6000)
    mistaken = torch.rand(len(kind)) < (0.0 if args.fixed else 0.38)
    kind = torch.where(mistaken, kind ^ 1, kind)
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Flatten(), nn.Linear(24 * 25, KINDS),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
    for step, (x, y) in enumerate(batches(images, kind, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
