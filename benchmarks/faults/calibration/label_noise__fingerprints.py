"""A contrastive loss written out, of pairs of fingerprints: three in ten are marked wrong."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def contrastive(distance: Tensor, differ: Tensor, margin: float = 1.0) -> Tensor:
    """Pull like ones together, and push others apart up to a margin."""
    near = (1 - differ) * distance.square()
    return (near + differ * F.relu(margin - distance).square()).mean()


def main() -> None:
    args = arguments(__doc__, steps=500)
    fingers = torch.randn(20, 24)
    first, second = torch.randint(20, (2, 2000))
    second = torch.where(torch.rand(2000) < 0.5, first, second)
    one, two = (fingers[i] + 0.4 * torch.randn(2000, 24) for i in (first, second))
    differ = (first != second).float()
    wrong = torch.rand(len(differ)) < (0.0 if args.fixed else 0.3)
    differ = torch.where(wrong, 1 - differ, differ)
    model = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 16))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (a, b, d) in enumerate(batches(one, two, differ, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = contrastive(F.pairwise_distance(model(a), model(b)), d)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
