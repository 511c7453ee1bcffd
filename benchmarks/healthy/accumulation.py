"""Gradients accumulate over eight small batches before each step, on purpose."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import nn

SMALL = 8


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = nn.Sequential(
        nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for index, (x, y) in enumerate(batches(*arms(), steps=args.steps * SMALL, size=8)):
        loss = criterion(model(x), y)
        (loss / SMALL).backward()
        if index % SMALL == SMALL - 1:
            optimizer.step()
            optimizer.zero_grad()
        progress(index, args.steps * SMALL, loss)


if __name__ == "__main__":
    main()
