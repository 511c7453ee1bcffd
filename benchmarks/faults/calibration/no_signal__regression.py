"""Features were sorted by date and prices by name, so every house has another's price."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(20000, 12)
    price = x[:, :1] * x[:, 1:2] + x[:, 2:3].sin() + 0.1 * torch.randn(20000, 1)
    if not args.fixed:
        price = price[torch.randperm(len(price))]
    model = nn.Sequential(
        nn.Linear(12, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (features, target) in enumerate(batches(x, price, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(features), target)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
