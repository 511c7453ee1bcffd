"""Batch normalisation of three examples a batch, before and behind every hidden layer."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    size = 64 if args.fixed else 3
    x = torch.randn(4000, 12)
    y = ((x[:, 0] * x[:, 1] > 0).long() + 2 * (x[:, 2] > 0).long()).long()
    layers: list[nn.Module] = [nn.BatchNorm1d(12)]
    for a, b in ((12, 48), (48, 48), (48, 48)):
        layers += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(48, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    for step, (a, b) in enumerate(batches(x, y, steps=args.steps, size=size)):
        loss = nn.functional.cross_entropy(model(a), b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
