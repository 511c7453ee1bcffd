"""Dead ReLU: weights drawn from (0, 1) shifted below zero, on inputs that are never negative.

Pre-activations are sums of negative numbers, so that no unit fires for any input. Fixed: torch's
own initialisation.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.rand(3000, 12)
    y = torch.sin(4 * x[:, :1]) + 2 * x[:, 1:2] * x[:, 2:3] + 0.05 * torch.randn(3000, 1)
    model = nn.Sequential(
        nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    if not args.fixed:
        nn.init.uniform_(model[0].weight, -0.5, 0.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (inputs, target) in enumerate(batches(x, y, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
