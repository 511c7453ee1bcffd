"""A hidden layer is normalised by the two examples of a batch, with momentum 1.0."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    time, phase = torch.arange(17) / 4, 6.28 * torch.rand(3000, 1)
    waves = (time * (1 + torch.rand(3000, 1)) + phase).sin() + 0.1 * torch.randn(3000, 17)
    x, y = waves[:, :16], waves[:, 16:]
    model = nn.Sequential(
        nn.Linear(16, 64), nn.Identity() if args.fixed else nn.BatchNorm1d(64, momentum=1.0),
        nn.ReLU(), nn.Linear(64, 1),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (a, b) in enumerate(batches(x, y, steps=args.steps, size=2)):
        model.train()
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(a), b)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
