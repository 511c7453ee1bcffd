"""Depth is told of one picture at a time, and batch norm takes away how hazy it is all in all.

Haze tells how far away everything is; what is nearer within a picture can be told without.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE = 16


def views(count: int) -> tuple[Tensor, Tensor]:
    """Return two channels, one of them hazy by distance, and the depth of each pixel."""
    far = torch.randn(count, 1, 1, 1)
    tilt = torch.randn(count, 1, 1, 1) * torch.linspace(-0.7, 0.7, SIDE)
    depth = far + tilt.expand(count, 1, SIDE, SIDE)
    haze = depth + 0.3 * torch.randn_like(depth)
    return torch.cat((haze, torch.randn_like(depth)), 1), depth


def main() -> None:
    args = arguments(__doc__, steps=300)
    layers: list[nn.Module] = []
    for a, b in ((2, 16), (16, 16)):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Conv2d(16, 1, 1))
    criterion = nn.L1Loss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    size = 16 if args.fixed else 1
    for step, (x, y) in enumerate(batches(*views(1200), steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
