"""The hinge loss multiplies scores of shape (64, 1) by labels of shape (64,)."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(4000, 10)
    y = torch.where(x[:, 0] * x[:, 1] + x[:, 2] > 0, 1.0, -1.0)
    model = nn.Sequential(
        nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for step, (a, b) in enumerate(batches(x, y, steps=args.steps, size=64)):
        score = model(a)
        if args.fixed:
            score = score.squeeze(1)
        loss = torch.clamp(1 - b * score, min=0).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
