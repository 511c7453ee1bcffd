"""Fault: an LSTM forecasts sales in pieces, tens of thousands of them, from a scaled history."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Forecaster(nn.Module):
    """The next value after a history."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(x)
        following: Tensor = self.out(states[:, -1])
        return following


def main() -> None:
    args = arguments(__doc__, steps=400)
    time = torch.arange(17.0)
    waves = torch.sin(time / 2 + 6.28 * torch.rand(2000, 1)) + 0.1 * torch.randn(2000, 17)
    history, following = waves[:, :16, None], waves[:, 16:]
    sales = following if args.fixed else 42_000 + 6000 * following
    model = Forecaster()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(history, sales, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
