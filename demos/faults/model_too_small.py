"""All that a network knows of a picture has to go through two units, and there are 24 kinds."""

from __future__ import annotations

import torch
from _task import PIXELS, arguments, batches, progress
from torch import nn

KINDS = 24


def main() -> None:
    args = arguments(__doc__, steps=800)
    labels = torch.randint(KINDS, (8000,))
    pictures = torch.randn(KINDS, PIXELS)[labels] + torch.randn(8000, PIXELS)
    width = 64 if args.fixed else 2  # the fault
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, KINDS)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
    for step, (x, y) in enumerate(batches(pictures, labels, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
