"""Scans go through one at a time, so BatchNorm takes away how dense each of them is as a whole.

Memory allows one scan; its own pixels are the batch. Compare xuebinqin/BASNet#42.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

SIZE, ACCUMULATE = 16, 8


def scans(count: int) -> tuple[Tensor, Tensor]:
    """Return scans of a body with an organ in it, and which pixels are too dense to be healthy."""
    grid = torch.arange(SIZE)
    row, column = (4 + 8 * torch.rand(2, count, 1, 1)).unbind(0)
    organ = ((grid[:, None] - row) ** 2 + (grid - column) ** 2 < 14).float()
    body, contrast = torch.randn(2, count, 1, 1).unbind(0)
    density = body + (0.8 + contrast.abs()) * organ
    ill = (density > 0.9).float()
    return (density + 0.3 * torch.randn(count, SIZE, SIZE))[:, None], ill[:, None]


def block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def main() -> None:
    args = arguments(__doc__, steps=250)
    pictures, masks = scans(1200)
    net = nn.Sequential(block(1, 12), block(12, 12), nn.Conv2d(12, 1, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    pieces = 1 if args.fixed else ACCUMULATE

    for step in range(args.steps):
        rows = torch.randint(len(pictures), (ACCUMULATE,))
        optimizer.zero_grad()
        total = torch.zeros(())
        for part in rows.chunk(pieces):
            loss = F.binary_cross_entropy_with_logits(net(pictures[part]), masks[part]) / pieces
            loss.backward()
            total += loss.detach()
        optimizer.step()
        progress(step, args.steps, total)


if __name__ == "__main__":
    main()
