"""Gradients are accumulated over pairs, so BatchNorm takes its statistics from two pictures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, images, progress
from torch import Tensor, nn

MICRO_BATCH = 2


class ShapeNet(nn.Module):
    def __init__(self, norm: type[nn.Module]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 16, 3, padding=1)
        self.hidden = nn.Linear(16 * 9, 64)
        self.norm = norm(64)
        self.classify = nn.Linear(64, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.norm(self.hidden(x.flatten(1))))
        return self.classify(x)


def main() -> None:
    args = arguments(__doc__, steps=250)
    pictures, labels = images()
    model = ShapeNet(nn.LayerNorm if args.fixed else nn.BatchNorm1d)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    for step, (x, y) in enumerate(batches(pictures, labels, steps=args.steps, size=16)):
        optimizer.zero_grad()
        total = torch.zeros(())
        pieces = 16 // MICRO_BATCH
        for part, target in zip(x.split(MICRO_BATCH), y.split(MICRO_BATCH), strict=True):
            loss = F.cross_entropy(model(part), target) / pieces
            loss.backward()
            total += loss.detach()
        optimizer.step()
        progress(step, args.steps, total)


if __name__ == "__main__":
    main()
