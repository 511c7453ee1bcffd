"""Masks without a channel are subtracted from predictions: (8, 1, 16, 16) less (8, 16, 16)."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=250)
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    middle = torch.randint(3, 13, (1000, 2, 1, 1))
    mask = ((rows - middle[:, 0]).abs() + (columns - middle[:, 1]).abs() < 4).float()
    images = (mask + 0.4 * torch.randn(1000, 16, 16))[:, None]
    if args.fixed:
        mask = mask[:, None]
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(),
        nn.Conv2d(12, 1, 1),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(images, mask, steps=args.steps, size=8)):
        optimizer.zero_grad()
        loss = ((model(x).sigmoid() - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
