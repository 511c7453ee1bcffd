"""Eight volumes are accumulated to a step, one at a time: batch norm sees one and no more.

Gradient accumulation gives the gradient of eight and the statistics of one.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn


def volumes(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy volumes of different brightness, and which of three they are."""
    kinds = torch.randint(3, (count,))
    level = 0.5 * (kinds[:, None, None, None, None] - 1)
    return level + torch.randn(count, 1, 10, 10, 10), kinds


def main() -> None:
    args = arguments(__doc__, steps=150)
    size = 8 if args.fixed else 1
    model = nn.Sequential(
        nn.Conv3d(1, 8, 3, stride=2), nn.BatchNorm3d(8), nn.ReLU(),
        nn.Conv3d(8, 16, 3), nn.BatchNorm3d(16), nn.AdaptiveAvgPool3d(1), nn.Flatten(),
        nn.Linear(16, 3),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        optimizer.zero_grad()
        for _ in range(8 // size):
            x, y = volumes(size)
            loss = nn.functional.cross_entropy(model(x), y)
            (loss * size / 8).backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
