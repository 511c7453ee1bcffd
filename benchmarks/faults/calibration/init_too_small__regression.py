"""Init too small: a regression whose weights are all drawn from a range of one thousandth.

Fixed: torch's own initialisation.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(3000, 10)
    y = torch.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(3000, 1)
    model = nn.Sequential(
        nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(),
        nn.Linear(64, 1),
    )  # fmt: skip
    if not args.fixed:
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                nn.init.uniform_(parameter, -1e-3, 1e-3)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for step, (inputs, target) in enumerate(batches(x, y, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
