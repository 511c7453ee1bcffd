"""A regression on two noisy measurements at a time: every step undoes what the last one found."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=1500)
    x = torch.randn(5000, 12)
    y = torch.tanh(x[:, :1] + x[:, 1:2]) + 0.4 * torch.randn(5000, 1)
    model = nn.Sequential(nn.Linear(12, 48), nn.Tanh(), nn.Linear(48, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    size = 64 if args.fixed else 2
    for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
