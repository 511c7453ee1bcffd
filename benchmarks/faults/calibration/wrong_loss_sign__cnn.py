"""An optimizer taken over from a policy gradient maximises a cross-entropy."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def crosses(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy 8x8 images of upright and of slanting crosses, and which it is."""
    labels = torch.randint(2, (count,))
    upright = torch.zeros(8, 8)
    upright[3:5], upright[:, 3:5] = 1, 1
    slanting = torch.eye(8) + torch.eye(8).flip(0)
    shapes = torch.where(labels[:, None, None] == 0, upright, slanting)
    return (shapes + 0.8 * torch.randn(count, 8, 8))[:, None], labels


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.ReLU(), nn.Flatten(),
        nn.Linear(64, 2),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, maximize=not args.fixed)
    for step, (x, y) in enumerate(batches(*crosses(3000), steps=args.steps)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
