"""Batches come from one camera each, and are normalised by it: running along is none of them.

In eval mode masks of all cameras are wrong; training shows nothing of it, and nothing is validated.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

SIDE, CAMERAS = 16, 4


def frames(camera: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return frames with a brighter box in each, and the box; each camera has its own exposure."""
    low, high = torch.randint(0, 7, (2, size, 1, 1)), torch.randint(8, SIDE, (2, size, 1, 1))
    at = torch.arange(SIDE)
    inside = (at >= low[0]) & (at < high[0]) & (at[:, None] >= low[1]) & (at[:, None] < high[1])
    mask = inside.float()[:, None]
    gain = 0.5 * 3.0 ** camera.expand(size)[:, None, None, None]
    return gain * (mask + 0.3 * torch.randn_like(mask) + 1), mask


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = nn.Sequential(
        nn.BatchNorm2d(1), nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(),
        nn.Conv2d(12, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.Conv2d(12, 1, 1),
    )  # fmt: skip
    if args.fixed:  # each picture by itself, in both modes
        for at in (0, 2, 5):
            model[at] = nn.GroupNorm(1, model[at].num_features)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for step in range(args.steps):
        x, y = frames(torch.randint(CAMERAS, (1,)), 8)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
    model.eval()
    with torch.no_grad():
        x, y = frames(torch.randint(CAMERAS, (64,)), 64)
        print(f"in eval mode {criterion(model(x), y).item():.4f}")


if __name__ == "__main__":
    main()
