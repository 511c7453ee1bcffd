"""Contrastive learning: cross-entropy whose targets are the places in the batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, blobs, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, _ = blobs()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x,) in enumerate(batches(points, steps=args.steps, size=64)):
        one, other = (F.normalize(model(x + 0.1 * torch.randn_like(x)), dim=1) for _ in range(2))
        loss = F.cross_entropy(one @ other.T / 0.1, torch.arange(len(x)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
