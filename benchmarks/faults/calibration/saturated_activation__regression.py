"""Sigmoid units that were annealed to steps too early: their inputs are divided by 0.02."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Annealed(nn.Module):
    """Two hidden layers of sigmoid units at a temperature."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.first, self.second = nn.Linear(8, 64), nn.Linear(64, 64)
        self.out = nn.Linear(64, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sigmoid(self.first(x) / self.temperature)
        x = torch.sigmoid(self.second(x) / self.temperature)
        return self.out(x)


def hills(count: int = 4000) -> tuple[Tensor, Tensor]:
    """Return places, (count, 8), and how high each lies, (count, 1)."""
    x = torch.randn(count, 8)
    height = torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(count, 1)
    return x, height / height.std()


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Annealed(temperature=1.0 if args.fixed else 0.02)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(*hills(), steps=args.steps)):
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
