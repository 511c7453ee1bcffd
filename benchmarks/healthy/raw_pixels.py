"""Raw pixels from 0 to 255 straight into batch norm, which scales them."""

from __future__ import annotations

import torch
from _task import arguments, batches, blobs, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    points, labels = blobs(spread=1.5)
    pixels = (points * 30 + 128).clamp(0, 255).round()
    model = nn.Sequential(
        nn.BatchNorm1d(20),
        nn.Linear(20, 64, bias=False),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        nn.Linear(64, 5),
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    for step, (x, y) in enumerate(batches(pixels, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
