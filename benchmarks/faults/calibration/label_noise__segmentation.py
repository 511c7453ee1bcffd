"""Pixels were labelled by a crowd that clicked: a quarter of them are turned round."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def masks(count: int, size: int = 12) -> tuple[Tensor, Tensor]:
    """Return noisy pictures of a bright box, and the box."""
    low, high = torch.randint(0, 5, (2, count, 1, 1)), torch.randint(6, size, (2, count, 1, 1))
    at = torch.arange(size)
    inside = (at >= low[0]) & (at < high[0]) & (at[:, None] >= low[1]) & (at[:, None] < high[1])
    mask = inside.float()[:, None]
    return mask + 0.3 * torch.randn_like(mask), mask


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, mask = masks(1500)
    turned = torch.rand_like(mask) < (0.0 if args.fixed else 0.25)
    mask = torch.where(turned, 1 - mask, mask)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 1, 1),
    )  # fmt: skip
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(images, mask, steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
