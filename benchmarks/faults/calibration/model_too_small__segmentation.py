"""Every layer of a segmentation network has a single channel, to save memory."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE, KINDS = 14, 4


def network(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1), nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(),
        nn.Conv2d(channels, KINDS, 1),
    )  # fmt: skip


def scenes(count: int) -> tuple[Tensor, Tensor]:
    """Return pictures of a striped patch on noise, and the direction of stripes of each pixel."""
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    kind = torch.randint(1, KINDS, (count, 1, 1))
    top, left = torch.randint(0, SIDE - 7, (2, count, 1, 1))
    inside = (rows >= top) & (rows < top + 8) & (columns >= left) & (columns < left + 8)
    along = torch.where(kind == 1, rows, torch.where(kind == 2, columns, rows + columns))
    stripes = torch.where(along % 2 == 0, 1.0, -1.0)
    picture = torch.where(inside, stripes, 0.0) + 0.3 * torch.randn(count, SIDE, SIDE)
    return picture[:, None], torch.where(inside, kind, 0)


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = network(16 if args.fixed else 1)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (picture, mask) in enumerate(batches(*scenes(1500), steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(picture), mask)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
