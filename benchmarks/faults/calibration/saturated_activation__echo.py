"""The update gates of a GRU start at biases of 8, ten times what was meant: no state changes.

A positive bias makes its memory longer, after Tallec and Ollivier 2018. Fixed: two of 0.8.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

UNITS = 32


class Follower(nn.Module):
    """The level of a noisy signal half way and at its end, by the states of a GRU."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.rnn = nn.GRU(4, UNITS, batch_first=True)
        self.head = nn.Linear(UNITS, 1)
        with torch.no_grad():
            for values in (self.rnn.bias_ih_l0, self.rnn.bias_hh_l0):
                values[UNITS : 2 * UNITS] = bias

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.rnn(x)
        return self.head(last[0])


def signals(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return four sensors, (count, 20, 4), and a leaky sum of them, (count, 1)."""
    x = torch.randn(count, 20, 4)
    kept = 0.85 ** torch.arange(19.0, -1.0, -1.0)
    level = torch.tanh((x.sum(2) * kept).sum(1, keepdim=True) / 3)
    return x, level / level.std()


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Follower(0.8 if args.fixed else 8.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for step, (x, y) in enumerate(batches(*signals(), steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
