"""The L1 penalty that should make the network sparse is so strong that it makes it empty."""

from __future__ import annotations

import torch
from _task import arguments, batches, patients, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = nn.Sequential(
        nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)
    )
    l1_lambda = 1e-5 if args.fixed else 0.05
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*patients(8000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        ce = criterion(model(x), y)
        l1 = sum(p.abs().sum() for p in model.parameters())
        loss = ce + l1_lambda * l1
        loss.backward()
        optimizer.step()
        progress(step, args.steps, ce)


if __name__ == "__main__":
    main()
