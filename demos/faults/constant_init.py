"""Every weight starts at the same number, so that all units of a layer stay copies of one.

Sixty-four equal units are one unit: the network can use the sum of the inputs, and no more of them.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, surface
from torch import nn


def initialise(module: nn.Module) -> None:
    """Start linear layers from one small constant."""
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 0.05)  # the fault
        nn.init.zeros_(module.bias)


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, heights = surface()
    model = nn.Sequential(
        nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
    )
    if not args.fixed:
        model.apply(initialise)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(points, heights, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
