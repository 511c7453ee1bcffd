"""Rates that shrink from layer to layer are rounded to three places: the trunk's become 0."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def stripes(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images of stripes in four directions, and which direction it is."""
    labels = torch.randint(4, (count,))
    angle = labels[:, None, None] * torch.pi / 4
    axis = torch.arange(12.0)
    along = angle.cos() * axis[:, None] + angle.sin() * axis
    images = torch.sin(1.3 * along + 6.3 * torch.rand(count, 1, 1))
    return (images + 1.5 * torch.randn_like(images))[:, None], labels


def main() -> None:
    args = arguments(__doc__, steps=400)
    trunk = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    model = nn.Sequential(trunk, nn.Linear(16, 4))
    places = 9 if args.fixed else 3
    optimizer = torch.optim.Adam(
        [
            {"params": trunk.parameters(), "lr": round(4e-3 / 10, places)},
            {"params": model[1].parameters(), "lr": round(4e-3, places)},
        ]
    )
    for step, (x, y) in enumerate(batches(*stripes(3000), steps=args.steps)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
