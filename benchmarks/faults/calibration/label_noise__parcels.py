"""Boxes about parcels and what is in them: classes of four in ten are those of the next class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

KINDS = 5


class Parcels(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(16 * 36, 128), nn.ReLU(),
        )  # fmt: skip
        self.kind, self.box = nn.Linear(128, KINDS), nn.Linear(128, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(x)
        return self.kind(hidden), self.box(hidden)


def parcels(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures of a pattern on noise, which of five it is, and where it lies."""
    kind, corner = torch.randint(KINDS, (count,)), torch.randint(0, 8, (count, 2))
    patterns = (torch.rand(KINDS, 5, 5) > 0.5).float()
    pictures = 0.4 * torch.randn(count, 1, 12, 12)
    for picture, which, (top, left) in zip(pictures, kind, corner.tolist(), strict=True):
        picture[0, top : top + 5, left : left + 5] += 1.5 * patterns[which]
    return pictures, kind, corner.float() / 7


def main() -> None:
    args = arguments(__doc__, steps=500)
    pictures, kind, corner = parcels(1500)
    slipped = torch.rand(len(kind)) < (0.0 if args.fixed else 0.4)
    kind = torch.where(slipped, (kind + 1) % KINDS, kind)
    model = Parcels()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, k, c) in enumerate(batches(pictures, kind, corner, steps=args.steps, size=32)):
        optimizer.zero_grad()
        kinds, boxes = model(x)
        loss = F.cross_entropy(kinds, k) + F.smooth_l1_loss(boxes, c)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
