"""Gradient descent on the whole set at every step: no noise, and gradients that never turn."""

from __future__ import annotations

import torch
from _task import arguments, arms, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    x, y = arms(300)
    model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 3))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for step in range(args.steps):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
