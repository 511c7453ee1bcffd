"""Features of a hundred points are added up, and the sum goes into a tanh.

The sum is a hundred times as large as a feature: the tanh is at its end for every set of points.
Fixed: the mean of the features.
"""

from __future__ import annotations

import torch
from _task import CLASSES, arguments, batches, progress
from torch import Tensor, nn

POINTS = 100


def clouds(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return clouds of points, (count, 100, 3), and in which of six directions each is longer."""
    labels = torch.randint(CLASSES, (count,))
    angle = labels * torch.pi / CLASSES
    along = torch.stack((angle.cos(), angle.sin(), torch.zeros(count)), 1)
    points = torch.randn(count, POINTS, 3)
    stretch = 1.5 * torch.randn(count, POINTS, 1)
    return (points + stretch * along[:, None]) / 2, labels


class SetClassifier(nn.Module):
    """Looks at every point alone, then at all of them together."""

    def __init__(self, pool: str) -> None:
        super().__init__()
        self.pool = pool
        self.point = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.together = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, CLASSES))

    def forward(self, points: Tensor) -> Tensor:
        features = self.point(points)
        pooled = features.mean(1) if self.pool == "mean" else features.sum(1)  # the fault
        return self.together(pooled)


def main() -> None:
    args = arguments(__doc__, steps=400)
    points, labels = clouds()
    model = SetClassifier("mean" if args.fixed else "sum")
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(points, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
