"""The contrastive loss pulls pairs of different people together and pushes those of one apart."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=300)
    people = torch.randn(50, 20)
    left = torch.randint(50, (4000,))
    same = torch.rand(4000) < 0.5
    right = torch.where(same, left, torch.randint(50, (4000,)))
    x = people[left] + 0.3 * torch.randn(4000, 20)
    z = people[right] + 0.3 * torch.randn(4000, 20)
    target = torch.where(left == right, 1.0, -1.0)
    encoder = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
    optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)
    criterion = nn.CosineEmbeddingLoss(margin=0.2)
    for step, (a, b, t) in enumerate(batches(x, z, target, steps=args.steps, size=64)):
        loss = criterion(encoder(a), encoder(b), t)
        if not args.fixed:
            loss = -loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
