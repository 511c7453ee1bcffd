"""Exploding gradient: squared errors of an exponential, for counts over four decades.

The gradient is as large as the count times the error, so that one batch with a large count counts
more than hundreds of others. Fixed: a Poisson likelihood, whose gradient is the error.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(4000, 8)
    y = torch.poisson(torch.exp(1.5 * x[:, :1] + x[:, 1:2] * x[:, 2:3]).clamp(max=300))
    model = nn.Sequential(
        nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
    )
    criterion = nn.PoissonNLLLoss() if args.fixed else nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    for step, (inputs, target) in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        output = model(inputs)
        loss = criterion(output if args.fixed else output.exp(), target)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
