"""bfloat16 autocast: losses and gradients of eight bits, weights of twenty-four."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = nn.Sequential(
        nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*arms(), steps=args.steps)):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
