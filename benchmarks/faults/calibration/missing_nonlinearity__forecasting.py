"""A forecast from the last 24 values by linear layers alone, of a series that is chaotic."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def windows(count: int, length: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    """Return stretches of the logistic map, centred, and the value that follows each."""
    value, values = torch.rand(count), []
    for _ in range(length + 1):
        value = 3.8 * value * (1 - value)
        values.append(value)
    series = (torch.stack(values, 1) - 0.64) / 0.24
    return series[:, :-1], series[:, -1:]


def main() -> None:
    args = arguments(__doc__, steps=400)
    layers: list[nn.Module] = []
    for inputs, outputs in ((24, 64), (64, 64), (64, 32)):
        layers.append(nn.Linear(inputs, outputs))
        if args.fixed:
            layers.append(nn.SiLU())
    model = nn.Sequential(*layers, nn.Linear(32, 1))
    criterion = nn.SmoothL1Loss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for step, (past, coming) in enumerate(batches(*windows(5000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(past), coming)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
