"""Sixteen series a batch, convolutions and batch norm: enough of both to learn well."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

PAST, AHEAD = 48, 6


class Forecaster(nn.Module):
    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(1, width, 5, padding=2), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Conv1d(width, width, 5, padding=4, dilation=2), nn.BatchNorm1d(width), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(width * 8, AHEAD)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)[:, :, -8:].flatten(1))


def main() -> None:
    args = arguments(__doc__, steps=600)
    hour = torch.arange(PAST + AHEAD) / 3
    level, phase = torch.randn(2000, 1), 6.28 * torch.rand(2000, 1)
    series = level + torch.sin(hour + phase) + 0.1 * torch.randn(2000, PAST + AHEAD)
    model, criterion = Forecaster(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    x, y = series[:, None, :PAST], series[:, PAST:]
    for step, (past, future) in enumerate(batches(x, y, steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(past), future)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
