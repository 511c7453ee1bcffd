"""Parity of four bits among twelve: flat for a while, with nothing wrong, then the loss drops."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=3000)
    bits = torch.randint(2, (8000, 12)).float() * 2 - 1
    parity = (bits[:, :4].prod(1) > 0).long()
    model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    for step, (x, y) in enumerate(batches(bits, parity, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
