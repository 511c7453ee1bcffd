"""Clicks are learned from one by one, at a rate that was tuned on batches of 64."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=1000)
    traits = torch.randint(2, (6000, 40)).float()
    appeal = 2 * (traits - 0.5) @ torch.randn(40, 1)
    clicks = (torch.rand(6000, 1) < torch.sigmoid(appeal)).float()
    model = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02 if args.fixed else 0.2)
    steps = 2 * args.steps if args.fixed else args.steps
    for step, (x, y) in enumerate(batches(traits, clicks, steps=steps, size=1)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
