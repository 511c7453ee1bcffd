"""A ReLU recurrent network is trained through sixty time steps without clipping its gradient."""

from __future__ import annotations

import math

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH = 60


def demand(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return two overlaid waves, (count, LENGTH, 1), and what follows each of their values."""
    time = torch.arange(LENGTH + 1)
    phase = 2 * math.pi * torch.rand(2, count, 1)
    fast = (2 * math.pi * time / 8 + phase[0]).sin()
    slow = (2 * math.pi * time / 30 + phase[1]).sin()
    values = fast + 0.8 * slow + 0.1 * torch.randn(count, LENGTH + 1)
    return values[:, :-1, None], values[:, 1:, None]


class Forecaster(nn.Module):
    def __init__(self, hidden: int = 40) -> None:
        super().__init__()
        self.rnn = nn.RNN(1, hidden, nonlinearity="relu", batch_first=True)
        nn.init.eye_(self.rnn.weight_hh_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.normal_(self.rnn.weight_ih_l0, std=0.1)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(x)
        return self.head(states)


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Forecaster()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    for step, (x, y) in enumerate(batches(*demand(), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
