"""A sparsity penalty on the weight matrices that leaves none of them anything to say."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    x = torch.randn(4000, 20)
    y = torch.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(4000, 1)
    model = nn.Sequential(nn.Linear(20, 64), nn.Tanh(), nn.Linear(64, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    factor = 1e-5 if args.fixed else 0.1
    for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
        penalty = torch.cat([p.flatten() for p in weights]).abs().sum()
        loss = criterion(model(inputs), targets) + factor * penalty
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
