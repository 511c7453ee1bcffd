"""Triplets of products from a shop's clicks: in three of ten the odd one out is the like one."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    kinds = torch.randn(15, 20)
    kind = torch.randint(15, (3000,))
    other = (kind + torch.randint(1, 15, (3000,))) % 15
    anchor, like, unlike = (kinds[k] + 0.5 * torch.randn(3000, 20) for k in (kind, kind, other))
    swapped = (torch.rand(3000, 1) < (0.0 if args.fixed else 0.3)).expand_as(like)
    like, unlike = torch.where(swapped, unlike, like), torch.where(swapped, like, unlike)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
    criterion = nn.TripletMarginLoss(margin=1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = batches(anchor, like, unlike, steps=args.steps, size=64)
    for step, (a, p, n) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(a), model(p), model(n))
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
