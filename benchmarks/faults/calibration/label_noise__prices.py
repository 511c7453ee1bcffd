"""The small table of prices was joined by a wrong key for a third of the rows; learnt by heart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    x = torch.randn(1500, 6)
    price = torch.sin(1.5 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.5 * x[:, 3:4]
    price = (price - price.mean()) / price.std()
    if not args.fixed:
        rows = torch.randperm(len(price))[:500]
        price[rows] = price[rows.roll(1)]
    model = nn.Sequential(
        nn.Linear(6, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (inputs, targets) in enumerate(batches(x, price, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
