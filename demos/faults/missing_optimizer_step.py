"""Gradients are accumulated for a step that never comes.

The loop steps after every 16 batches, but an epoch has 15 and the count starts again with each.
Fixed, it accumulates over 5.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, gratings, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=600)
    loader = DataLoader(TensorDataset(*gratings(960)), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Linear(PIXELS, 96), nn.ReLU(), nn.Linear(96, CLASSES))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    accumulate = 5 if args.fixed else 16  # the fault: more than an epoch has
    step = 0
    for _ in range(-(-args.steps // len(loader))):
        for index, (x, y) in enumerate(loader):
            loss = criterion(model(x), y)
            (loss / accumulate).backward()
            if (index + 1) % accumulate == 0:
                optimizer.step()
                optimizer.zero_grad()
            progress(step, args.steps, loss)
            step += 1


if __name__ == "__main__":
    main()
