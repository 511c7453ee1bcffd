"""Dead ReLU: every convolution of a heat-map detector gets the bias of its last one.

The bias makes a rare class likely in one pixel of a hundred at first; before a ReLU it puts most
units out of reach. Fixed: only the last convolution has it.
"""

from __future__ import annotations

import math

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def dots(count: int = 800) -> tuple[Tensor, Tensor]:
    """Return noisy 16x16 images of three bright dots, and where the dots are."""
    where = torch.zeros(count, 1, 16, 16)
    places = torch.rand(count, 256).topk(3, 1).indices
    where.flatten(1).scatter_(1, places, 1.0)
    blurred = nn.functional.avg_pool2d(where, 3, 1, 1) * 9
    return blurred + 0.3 * torch.randn_like(blurred), where


def main() -> None:
    args = arguments(__doc__, steps=250)
    images, where = dots()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 1, 3, padding=1),
    )  # fmt: skip
    convolutions = [module for module in model if isinstance(module, nn.Conv2d)]
    for module in convolutions[-1:] if args.fixed else convolutions:
        nn.init.constant_(module.bias, -math.log((1 - 0.01) / 0.01))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(images, where, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
