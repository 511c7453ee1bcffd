"""Fault: a transformer that forecasts changes, up and down by several units, ends with tanh."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH, WIDTH = 12, 32


class Forecaster(nn.Module):
    """One encoder layer over a short history, and the next change."""

    def __init__(self, *, tanh: bool) -> None:
        super().__init__()
        self.into = nn.Linear(1, WIDTH)
        self.places = nn.Parameter(0.1 * torch.randn(LENGTH, WIDTH))
        self.encoder = nn.TransformerEncoderLayer(WIDTH, 4, 64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(WIDTH, 1)
        self.tanh = tanh

    def forward(self, x: Tensor) -> Tensor:
        states = self.encoder(self.into(x) + self.places)
        change: Tensor = self.out(states.mean(1))
        return torch.tanh(change) if self.tanh else change


def main() -> None:
    args = arguments(__doc__, steps=300)
    history = torch.randn(2000, LENGTH, 1)
    change = 3 * (history[:, -1] - history[:, -2]) + 0.3 * torch.randn(2000, 1)
    model = Forecaster(tanh=not args.fixed)
    criterion = nn.SmoothL1Loss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(history, change, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
