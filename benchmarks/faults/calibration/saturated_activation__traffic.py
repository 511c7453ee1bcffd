"""A written-out GRU starts its update gate at a bias of 12: it keeps its first state for good.

Reset gate and candidate are within reach, and not heard. Fixed: the bias starts at 0.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

ROADS, UNITS = 6, 32


class Cell(nn.Module):
    """One step of a GRU."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.reset = nn.Linear(ROADS + UNITS, UNITS)
        self.update = nn.Linear(ROADS + UNITS, UNITS)
        self.candidate = nn.Linear(ROADS + UNITS, UNITS)
        nn.init.constant_(self.update.bias, bias)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        seen = torch.cat((x, state), 1)
        reset, keep = torch.sigmoid(self.reset(seen)), torch.sigmoid(self.update(seen))
        new = torch.tanh(self.candidate(torch.cat((x, reset * state), 1)))
        return keep * state + (1 - keep) * new


class Forecaster(nn.Module):
    """How much there is to come, by the last state."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.cell = Cell(bias)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, counts: Tensor) -> Tensor:
        state = counts.new_zeros(len(counts), UNITS)
        for x in counts.unbind(1):
            state = self.cell(x, state)
        return self.head(state)


def roads(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return counts on six roads, (count, 12, 6), standardised, and what comes of them."""
    counts = torch.randn(count, 12, ROADS)
    kept = 0.7 ** torch.arange(11.0, -1.0, -1.0)
    flow = torch.tanh((counts.sum(2) * kept).sum(1, keepdim=True) / 3)
    return counts, flow / flow.std()


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Forecaster(0.0 if args.fixed else 12.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(*roads(), steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
