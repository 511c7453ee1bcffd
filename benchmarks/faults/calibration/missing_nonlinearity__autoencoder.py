"""A deep autoencoder that is no better than principal components: its layers are all linear."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def spirals(count: int) -> torch.Tensor:
    """Return points on a curve that winds through ten dimensions."""
    t = torch.rand(count, 1) * 6.28
    waves = [torch.sin((k + 1) * t + k) for k in range(10)]
    return torch.cat(waves, 1) + 0.02 * torch.randn(count, 10)


def main() -> None:
    args = arguments(__doc__, steps=700)
    act = nn.Tanh if args.fixed else nn.Identity
    model = nn.Sequential(
        nn.Linear(10, 64), act(), nn.Linear(64, 32), act(), nn.Linear(32, 3), act(),
        nn.Linear(3, 32), act(), nn.Linear(32, 64), act(), nn.Linear(64, 10),
    )  # fmt: skip
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x,) in enumerate(batches(spirals(6000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
