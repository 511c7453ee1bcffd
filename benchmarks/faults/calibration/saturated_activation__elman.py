"""A vanilla RNN is given twenty readings a step, multiplied by a gain that a decibel scale needs.

Fixed: without the gain, which is inside the model: what it is given is normal.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Forecast(nn.Module):
    """The next reading, by the last state."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.filters = nn.Linear(6, 24)
        self.rnn = nn.RNN(24, 32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(self.gain * self.filters(x))
        return self.out(states[:, -1])


def readings(count: int = 3000) -> tuple[Tensor, Tensor]:
    """Return six sensors over twenty steps, and a weighted sum of the last five of them."""
    x = torch.randn(count, 20, 6)
    weights = 0.6 ** torch.arange(4.0, -1, -1)
    y = (x[:, -5:, :2].sum(2) * weights).sum(1, keepdim=True)
    return x, y / y.std() + 0.1 * torch.randn(count, 1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Forecast(1.0 if args.fixed else 80.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*readings(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
