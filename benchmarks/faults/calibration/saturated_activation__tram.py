"""Passengers of the next hour by gated convolutions over a day, tanh times sigmoid, and a skip.

After WaveNet. A norm of counts that a gain undoes pins both. Fixed: without the gain.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

HOURS, WIDTH = 24, 24


class Block(nn.Module):
    """A causal convolution whose content one half makes, and whose gate the other one."""

    def __init__(self, dilation: int, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.content = nn.Conv1d(WIDTH, WIDTH, 2, dilation=dilation)
        self.gate = nn.Conv1d(WIDTH, WIDTH, 2, dilation=dilation)
        self.skip = nn.Conv1d(WIDTH, WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.gain * x
        new = self.skip(torch.tanh(self.content(wide)) * torch.sigmoid(self.gate(wide)))
        return x[..., -new.shape[-1] :] + new


class Tram(nn.Module):
    def __init__(self, gain: float) -> None:
        super().__init__()
        self.start = nn.Conv1d(2, WIDTH, 1)
        self.blocks = nn.Sequential(*(Block(d, gain) for d in (1, 2, 4, 8)))
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.start(x))[..., -1])


def days(count: int = 3000) -> tuple[Tensor, Tensor]:
    """Return counts and warmth of a day, (count, 2, 24), and the count of the next hour."""
    x = torch.randn(count, 2, HOURS)
    x[:, 0] = x[:, 0].cumsum(1) / 3
    late = x[:, 0, -8:].mean(1)
    y = x[:, 0, -1] + 0.8 * torch.sin(2 * late) * torch.tanh(2 * x[:, 1, -4:].mean(1))
    return x, (y / y.std())[:, None]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Tram(1.0 if args.fixed else 400.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*days(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
