"""A ReLU ends a regression whose targets lie on both sides of zero.

Half of the targets are out of reach. Fixed: a linear output.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from _task import arguments, batches, progress, surface
from torch import nn


def build(*, relu_last: bool) -> nn.Sequential:
    """Return a perceptron, each of whose layers has its activation: the last one too."""
    sizes = (8, 64, 64, 1)
    layers: list[nn.Module] = []
    for into, out in pairwise(sizes):
        layers += [nn.Linear(into, out), nn.ReLU()]
    return nn.Sequential(*(layers if relu_last else layers[:-1]))  # the fault


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, heights = surface()
    model = build(relu_last=not args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(points, heights, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
