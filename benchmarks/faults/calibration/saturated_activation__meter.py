"""The ninth decile of what a meter will show, by a written-out GRU over watts that were kilowatts.

The pinball loss is the script's own. Fixed: in kilowatts.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SIGNS, UNITS, DECILE = 4, 32, 0.9


class Meter(nn.Module):
    def __init__(self, unit: float) -> None:
        super().__init__()
        self.unit = unit
        self.ways = nn.Linear(SIGNS + UNITS, 2 * UNITS)
        self.new = nn.Linear(SIGNS + UNITS, UNITS)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), UNITS)
        for now in (self.unit * x).unbind(1):
            ways = torch.sigmoid(self.ways(torch.cat((now, state), 1)))
            reset, keep = ways.chunk(2, 1)
            new = torch.tanh(self.new(torch.cat((now, reset * state), 1)))
            state = keep * state + (1 - keep) * new
        return self.head(state)


def watts(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return fourteen hours of signs, (count, 14, 4), and what the meter shows."""
    x = torch.randn(count, 14, SIGNS)
    kept = 0.7 ** torch.arange(13.0, -1, -1)
    load = ((x[:, :, 0] + 0.5 * x[:, :, 1]) * kept).sum(1) + x[:, -1, 2] * x[:, -1, 3].tanh()
    return x, (load / load.std() + 0.1 * torch.randn(count))[:, None]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Meter(1.0 if args.fixed else 1000.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*watts(), steps=args.steps)):
        optimizer.zero_grad()
        missed = y - model(x)
        loss = torch.maximum(DECILE * missed, (DECILE - 1) * missed).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
