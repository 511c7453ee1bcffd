"""Targets of a forecaster with glitches: one in four is off by as much as a Cauchy variable."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    time = torch.arange(2024.0)
    load = torch.sin(0.26 * time) + 0.5 * torch.sin(0.037 * time) + 0.1 * torch.randn(2024)
    windows = load.unfold(0, 25, 1)
    past, coming = windows[:, :24], windows[:, 24:].clone()
    if not args.fixed:
        hit = torch.rand(coming.shape) < 0.25
        glitch = torch.distributions.StudentT(2.0).sample(coming.shape)
        coming = torch.where(hit, coming + 2 * glitch, coming)
    model = nn.Sequential(
        nn.Linear(24, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(past, coming, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
