"""A batch is one day of a hundred stocks: how the market moves that day is in no input."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

DAYS, STOCKS, INPUTS = 400, 100, 12


def history() -> tuple[Tensor, Tensor]:
    """Return what is known of every stock, (days, stocks, inputs), and its return of that day."""
    known = torch.randn(DAYS, STOCKS, INPUTS)
    own = known[..., :1] * known[..., 1:2] + 0.5 * known[..., 2:3]
    market = 0.9 * torch.randn(DAYS, 1, 1)
    returns = own + market + 0.5 * torch.randn(DAYS, STOCKS, 1)
    return known, returns / returns.std()


def main() -> None:
    args = arguments(__doc__, steps=600)
    known, returns = history()
    model = nn.Sequential(
        nn.Linear(INPUTS, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, 1),
    )  # fmt: skip
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(args.steps):
        if step % DAYS == 0:
            days = torch.randperm(DAYS)
        day = days[step % DAYS]
        optimizer.zero_grad()
        loss = criterion(model(known[day]), returns[day])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
