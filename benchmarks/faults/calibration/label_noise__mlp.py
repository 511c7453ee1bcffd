"""A careless export moved the class of 35 % of the rows to the next class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn

CLASSES = 6


def main() -> None:
    args = arguments(__doc__, steps=500)
    label = torch.randint(CLASSES, (4000,))
    centres = 2.2 * torch.randn(CLASSES, 10)
    x = centres[label] + torch.randn(4000, 10)
    if not args.fixed:
        moved = torch.rand(4000) < 0.35
        label = torch.where(moved, (label + 1) % CLASSES, label)
    model = nn.Sequential(
        nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, CLASSES),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    for step, (inputs, labels) in enumerate(batches(x, label, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
