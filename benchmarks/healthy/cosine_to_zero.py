"""Cosine decay to a learning rate of zero: at the end nothing moves, and nothing needs to."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=900)
    model = nn.Sequential(
        nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps)
    for step, (x, y) in enumerate(batches(*arms(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
