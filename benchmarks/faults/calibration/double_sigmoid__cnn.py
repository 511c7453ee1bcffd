"""Fault: a network for several labels an image ends with Sigmoid before BCEWithLogitsLoss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

LABELS = 4


def scenes(count: int = 2500) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images with some of four things in them, and which."""
    things = torch.randn(LABELS, 12 * 12)
    present = (torch.rand(count, LABELS) < 0.5).float()
    return (present @ things + torch.randn(count, 144)).reshape(count, 1, 12, 12), present


class Network(nn.Module):
    """Two convolutions and a linear layer."""

    def __init__(self, *, sigmoid: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, stride=2)
        self.second = nn.Conv2d(8, 16, 3, stride=2)
        self.out = nn.Linear(16 * 4, LABELS)
        self.last = nn.Sigmoid() if sigmoid else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.second(F.relu(self.first(x))))
        out: Tensor = self.last(self.out(x.flatten(1)))
        return out


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, present = scenes()
    model = Network(sigmoid=not args.fixed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(images, present, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
