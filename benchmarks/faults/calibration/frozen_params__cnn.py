"""A convolutional trunk is frozen as a feature extractor, but made without its trained weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def rings(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images of a ring or a disc of random place and size, and which it is."""
    labels = torch.randint(2, (count,))
    axis = torch.arange(12.0)
    row, column = (torch.rand(count, 1, 1) * 5 + 3.5 for _ in range(2))
    distance = ((axis[:, None] - row) ** 2 + (axis - column) ** 2).sqrt()
    radius = 2 + 1.5 * torch.rand(count, 1, 1)
    disc = distance < radius
    shape = torch.where(labels[:, None, None] == 0, disc & (distance > radius - 1.2), disc)
    return shape.float()[:, None] + 0.7 * torch.randn(count, 1, 12, 12), labels


def main() -> None:
    args = arguments(__doc__, steps=500)
    images, labels = rings(3000)
    features = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU(),
        nn.Conv2d(32, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    for parameter in features.parameters():
        parameter.requires_grad = args.fixed
    model = nn.Sequential(features, nn.Linear(32, 2))
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=3e-3)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
