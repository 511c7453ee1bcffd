"""A hundred examples learnt by heart: the loss ends flat, at next to nothing."""

from __future__ import annotations

import torch
from _task import arguments, batches, blobs, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=900)
    model = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 5))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*blobs(100, spread=2.0), steps=args.steps, size=20)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
