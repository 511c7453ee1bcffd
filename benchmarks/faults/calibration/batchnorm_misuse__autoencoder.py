"""An autoencoder with batch normalisation in its bottleneck, trained on pairs of examples."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=800)
    hidden = torch.randn(3000, 4)
    x = torch.tanh(hidden @ torch.randn(4, 24)) + 0.1 * torch.randn(3000, 24)
    model = nn.Sequential(
        nn.Linear(24, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 6), nn.BatchNorm1d(6),
        nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 24),
    )  # fmt: skip
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    size = 32 if args.fixed else 2
    steps = args.steps // 2 if args.fixed else args.steps
    for step, (batch,) in enumerate(batches(x, steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(batch), batch)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
