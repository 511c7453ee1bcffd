"""Saturated activation: a CNN adds its features up over the image, and the sum goes into a tanh.

Fixed: their mean.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def stripes(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images of stripes, and which of four directions each has."""
    labels = torch.randint(4, (count,))
    angle = (labels * torch.pi / 4)[:, None, None]
    axis = torch.arange(12.0)
    along = angle.cos() * axis[:, None] + angle.sin() * axis
    waves = torch.sin(1.2 * along + 2 * torch.pi * torch.rand(count, 1, 1))
    return (waves + 0.5 * torch.randn_like(waves))[:, None], labels


class Classifier(nn.Module):
    """Two convolutions, pooled over the image, and two linear layers."""

    def __init__(self, *, mean: bool) -> None:
        super().__init__()
        self.mean = mean
        self.first = nn.Conv2d(1, 16, 5, padding=2)
        self.second = nn.Conv2d(16, 32, 3, padding=1)
        self.hidden = nn.Linear(32, 32)
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.second(self.first(x).relu()).relu()
        pooled = maps.mean((2, 3)) if self.mean else maps.sum((2, 3))
        return self.head(torch.tanh(self.hidden(pooled)))


def main() -> None:
    args = arguments(__doc__, steps=300)
    images, labels = stripes()
    model = Classifier(mean=args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
