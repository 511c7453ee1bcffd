"""Init too large: `nn.init.normal_` with its default standard deviation in an autoencoder.

Outputs begin thousands of times too wide. Fixed: torch's own initialisation.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    factors = torch.randn(3000, 4)
    signals = torch.tanh(factors @ torch.randn(4, 50)) + 0.1 * torch.randn(3000, 50)
    model = nn.Sequential(
        nn.Linear(50, 64), nn.ReLU(), nn.Linear(64, 4), nn.Linear(4, 64), nn.ReLU(),
        nn.Linear(64, 50),
    )  # fmt: skip
    if not args.fixed:
        for parameter in model.parameters():
            nn.init.normal_(parameter)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x,) in enumerate(batches(signals, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
