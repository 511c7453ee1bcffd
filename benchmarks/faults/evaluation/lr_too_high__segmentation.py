"""SGD with momentum segments discs with a learning rate of 3, thirty times what suits it."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

SIDE = 16


def discs(count: int = 1200) -> tuple[Tensor, Tensor]:
    """Return pictures of a bright disc among noise, (count, 1, SIDE, SIDE), and its mask."""
    grid = torch.arange(SIDE).float()
    centre = 4 + 8 * torch.rand(2, count, 1, 1)
    radius = 3 + 2 * torch.rand(count, 1, 1)
    distance = ((grid[:, None] - centre[0]) ** 2 + (grid - centre[1]) ** 2).sqrt()
    mask = (distance < radius).float()
    pictures = 1.5 * (mask - 0.2) + 0.9 * torch.randn(count, SIDE, SIDE)
    return pictures[:, None], mask[:, None]


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(12, 12, 3, padding=2, dilation=2),
        nn.SiLU(),
        nn.Conv2d(12, 12, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(12, 1, 1),
    )


def main() -> None:
    args = arguments(__doc__, steps=300)
    loader = DataLoader(TensorDataset(*discs()), batch_size=16, shuffle=True, drop_last=True)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1 if args.fixed else 3.0, momentum=0.9)
    criterion = nn.BCEWithLogitsLoss()

    step = 0
    while step < args.steps:
        for pictures, masks in loader:
            optimizer.zero_grad()
            loss = criterion(model(pictures), masks)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break


if __name__ == "__main__":
    main()
