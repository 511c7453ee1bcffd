"""A detector of one object an image: 63 of the 64 cells hold none, and it finds none anywhere.

Lin et al. 2017, "Focal Loss for Dense Object Detection": easy negatives overwhelm such training.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE = 8


class Detector(nn.Module):
    """Return for each cell whether an object is there, and where in it."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.there, self.place = nn.Conv2d(32, 1, 1), nn.Conv2d(32, 2, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(images)
        return self.there(x).flatten(1), self.place(x)


def scenes(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return noisy images with one cross in each, and the cell that it is in."""
    rows, columns = torch.randint(1, 2 * SIDE - 1, (2, count))
    images = 0.5 * torch.randn(count, 1, 2 * SIDE, 2 * SIDE)
    at = torch.arange(count)
    for down, right in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        images[at, 0, rows + down, columns + right] += 0.8
    return images, (rows // 2) * SIDE + columns // 2


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = Detector()
    weight = torch.tensor(SIDE * SIDE - 1.0) if args.fixed else None
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (images, cell) in enumerate(batches(*scenes(), steps=args.steps, size=16)):
        optimizer.zero_grad()
        there, place = model(images)
        target = F.one_hot(cell, SIDE * SIDE).float()
        loss = F.binary_cross_entropy_with_logits(there, target, pos_weight=weight)
        loss = loss + 0.01 * place.square().mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
