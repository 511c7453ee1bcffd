"""A small set of pictures, four in ten with any label: the network learns them by heart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

KINDS = 6


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 32, 3, padding=1)
        self.hidden, self.out = nn.Linear(32 * 9, 64), nn.Linear(64, KINDS)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.first(x)), 2)
        x = F.max_pool2d(F.relu(self.second(x)), 2)
        return self.out(F.relu(self.hidden(x.flatten(1))))


def pictures(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy pictures of six shapes, moved by up to two pixels, and which shape it is."""
    shapes = (torch.rand(KINDS, 8, 8) < 0.4).float()
    kind = torch.randint(KINDS, (count,))
    images = 0.3 * torch.randn(count, 1, 12, 12)
    for image, k in zip(images, kind.tolist(), strict=True):
        top, left = torch.randint(5, (2,)).tolist()
        image[0, top : top + 8, left : left + 8] += shapes[k]
    return images, kind


def main() -> None:
    args = arguments(__doc__, steps=500)
    images, kind = pictures(1600)
    careless = torch.rand(len(kind)) < (0.0 if args.fixed else 0.4)
    kind = torch.where(careless, torch.randint(KINDS, kind.shape), kind)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(images, kind, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
