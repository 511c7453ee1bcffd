"""Convolutions, batch norm and average pooling, and no activation anywhere."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self, activated: bool) -> None:
        super().__init__()
        self.one, self.norm = nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12)
        self.two = nn.Conv2d(12, 24, 3, padding=1)
        self.head = nn.Linear(24, 4)
        self.activated = activated

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.one(x))
        x = self.two(x.relu() if self.activated else x)
        x = x.relu() if self.activated else x
        return self.head(x.mean((2, 3)))


def textures(count: int) -> tuple[Tensor, Tensor]:
    """Return 10x10 images with stripes of random phase, and which of four directions they have."""
    kinds = torch.randint(4, (count,))
    rows, columns = torch.meshgrid(torch.arange(10.0), torch.arange(10.0), indexing="ij")
    along = torch.stack((rows, columns, (rows + columns) / 1.4, (rows - columns) / 1.4))[kinds]
    waves = torch.sin(1.5 * along + 6.28 * torch.rand(count, 1, 1))
    return (waves + 0.3 * torch.randn_like(waves))[:, None], kinds


def main() -> None:
    args = arguments(__doc__, steps=350)
    model = Net(args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*textures(5000), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
