"""A moving average of the weights lives beside the model; it is trained by nobody."""

from __future__ import annotations

import copy

import torch
from _task import arguments, batches, curve, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = nn.Sequential(
        nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    average = copy.deepcopy(model).requires_grad_(False)
    criterion = nn.SmoothL1Loss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(*curve(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 0.01)
            average(x)
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
