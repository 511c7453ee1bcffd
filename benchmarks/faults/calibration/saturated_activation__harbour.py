"""The water of the next hours, by a window through an LSTM cell of one matrix.

Gauges are multiplied by thirty inside the model: gates and contents are pinned. Fixed: as they are.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

GAUGES, UNITS = 6, 32


class Harbour(nn.Module):
    """How much higher it will be, by the last state."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.gates = nn.Linear(GAUGES + UNITS, 4 * UNITS)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = memory = x.new_zeros(len(x), UNITS)
        for now in x.unbind(1):
            i, f, o, new = self.gates(torch.cat((self.gain * now, state), 1)).chunk(4, 1)
            memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(new)
            state = torch.sigmoid(o) * torch.tanh(memory)
        return self.head(state)


def levels(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return sixteen hours of gauges, and how much higher it will be: wind has piled water up."""
    x = torch.randn(count, 16, GAUGES).cumsum(1) / 3
    kept = 0.7 ** torch.arange(15.0, -1, -1)
    wind = ((x[:, :, 1] - x[:, :, 2]) * kept).sum(1, keepdim=True)
    return x, wind / wind.std() * (1 + x[:, -1, 3:4].tanh())


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Harbour(1.0 if args.fixed else 30.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*levels(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
