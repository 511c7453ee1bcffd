"""A long warm-up: for a third of the training the learning rate is next to nothing, on purpose."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=900)
    model = nn.Sequential(
        nn.Linear(2, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 3)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1e-4, total_iters=args.steps // 3)
    for step, (x, y) in enumerate(batches(*arms(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
