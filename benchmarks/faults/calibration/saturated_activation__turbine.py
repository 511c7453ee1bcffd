"""The share of a wind farm's capacity is the sigmoid of what a GRU says, times a hundred.

Megawatts that were meant for what is put out. It is pinned from the start. Fixed: not multiplied.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Farm(nn.Module):
    def __init__(self, megawatts: float) -> None:
        super().__init__()
        self.megawatts = megawatts
        self.rnn = nn.GRU(3, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.megawatts * self.head(self.rnn(x)[0][:, -1]))


def winds(count: int = 2500) -> tuple[Tensor, Tensor]:
    """Return two days of wind, gusts and warmth, and the share that comes: the cube of the wind."""
    x = torch.randn(count, 24, 3)
    kept = 0.8 ** torch.arange(23.0, -1, -1)
    wind = ((x[:, :, 0] + 0.5 * x[:, :, 1]) * kept).sum(1, keepdim=True)
    return x, (6 * wind / wind.std() + 2 * x[:, -1, 2:]).sigmoid()


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Farm(1.0 if args.fixed else 100.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*winds(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
