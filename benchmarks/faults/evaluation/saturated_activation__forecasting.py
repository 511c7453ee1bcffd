"""The chrono initialisation lacks its logarithm: biases of up to 168 pin two gates of an LSTM."""

from __future__ import annotations

import math

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WINDOW, PERIOD = 30, 168


def demand(count: int = 2500) -> tuple[Tensor, Tensor]:
    """Return windows of standardised demand, (count, WINDOW, 1), and the two hours that follow."""
    time = torch.arange(WINDOW + 2.0)
    day = 2 * math.pi * (time / 12 + torch.rand(count, 1))
    level, trend = 0.5 * torch.randn(count, 1), 0.02 * torch.randn(count, 1)
    height = 0.6 + torch.rand(count, 1)
    curve = level + trend * time + height * (day.sin() + 0.4 * (2 * day).cos())
    curve = curve / curve.std() + 0.1 * torch.randn_like(curve)
    return curve[:, :WINDOW, None], curve[:, WINDOW:]


class Forecaster(nn.Module):
    def __init__(self, hidden: int, *, longest: int, logarithm: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)
        # Tallec & Ollivier, 2018: b_forget = log(U(1, T - 1)), b_input = -b_forget.
        spans = 1 + (longest - 2) * torch.rand(hidden)
        if logarithm:
            spans = spans.log()
        with torch.no_grad():
            self.lstm.bias_hh_l0.zero_()
            self.lstm.bias_ih_l0.zero_()
            self.lstm.bias_ih_l0[:hidden] = -spans
            self.lstm.bias_ih_l0[hidden : 2 * hidden] = spans

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(x)
        return self.head(states[:, -1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    windows, following = demand()
    longest = WINDOW if args.fixed else PERIOD
    model = Forecaster(24, longest=longest, logarithm=args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(windows, following, steps=args.steps, size=48)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
