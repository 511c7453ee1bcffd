"""Four tiles of one land cover a batch: forest, field or water is what batch norm takes away.

The roads in them are found, of which every tile has some.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

SIDE, COLOURS = 16, 3


def tiles(cover: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return pictures of tiles and the class of each pixel: three covers, and road."""
    road = torch.zeros(size, SIDE, SIDE, dtype=torch.bool)
    road[torch.arange(size), torch.randint(SIDE, (size,))] = True
    label = torch.where(road, 3, cover.expand(size)[:, None, None])
    colours = torch.tensor([[0.2, 0.8, 0.1], [0.8, 0.7, 0.2], [0.1, 0.2, 0.9], [0.5, 0.5, 0.5]])
    pictures = colours[label].permute(0, 3, 1, 2) + 0.4 * torch.randn(size, COLOURS, SIDE, SIDE)
    return pictures, label


class Tiles(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(COLOURS)
        self.down = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.up = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.out = nn.Conv2d(16, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.up(self.down(self.norm(x))))


def main() -> None:
    args = arguments(__doc__, steps=300)
    model, criterion = Tiles(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step in range(args.steps):
        x, y = tiles(torch.randint(3, (4,) if args.fixed else (1,)), 4)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
