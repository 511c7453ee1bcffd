"""Fault: a convolutional network ends with Softmax, and cross-entropy applies it again.

After PyTorch issue 55902, which asks for a warning in this case.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

CLASSES = 10


def blots(count: int = 3000) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images, each of one of ten patterns, and which."""
    patterns = torch.randn(CLASSES, 1, 12, 12)
    labels = torch.randint(CLASSES, (count,))
    return patterns[labels] + 1.5 * torch.randn(count, 1, 12, 12), labels


def main() -> None:
    args = arguments(__doc__, steps=300)
    images, labels = blots()
    layers: list[nn.Module] = [
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 9, CLASSES),
    ]
    if not args.fixed:
        layers.append(nn.Softmax(dim=1))
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
