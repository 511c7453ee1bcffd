"""One pixel in a hundred is of a lesion, and the network paints everything as background."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE = 20


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        nn.Conv2d(8, 1, 1),
    )  # fmt: skip


def scans(count: int) -> tuple[Tensor, Tensor]:
    """Return noisy scans with a faint lesion of two by two pixels, and where it is."""
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    top, left = torch.randint(0, SIDE - 1, (2, count, 1, 1))
    lesion = (rows - top).clamp(0, 1).eq(rows - top) & (columns - left).clamp(0, 1).eq(
        columns - left
    )
    return (1.2 * lesion + 0.6 * torch.randn(count, SIDE, SIDE))[:, None], lesion.float()[:, None]


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = network()
    weight = torch.tensor(60.0) if args.fixed else None
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (scan, lesion) in enumerate(batches(*scans(800), steps=args.steps, size=8)):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(scan), lesion, pos_weight=weight)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
