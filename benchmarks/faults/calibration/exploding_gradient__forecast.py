"""A step of a forecast is fed back thirty times by a map that stretches what it is given."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Rollout(nn.Module):
    """Rolls a state forward, one map for all steps."""

    def __init__(self, stretch: float) -> None:
        super().__init__()
        self.stretch = stretch
        self.enter, self.turn, self.read = nn.Linear(4, 24), nn.Linear(24, 24), nn.Linear(24, 1)

    def forward(self, x: Tensor) -> Tensor:
        state, seen = self.enter(x), []
        for _ in range(30):
            state = self.stretch * (state + 0.3 * torch.tanh(self.turn(state)))
            seen.append(self.read(state))
        return torch.cat(seen, 1)


def main() -> None:
    args = arguments(__doc__, steps=300)
    x = torch.randn(3000, 4)
    time = torch.arange(30) / 10
    y = x[:, :1] * (x[:, 1:2] * time).cos() + x[:, 2:3] * (-time).exp()
    y = y + 0.05 * torch.randn_like(y)
    model = Rollout(0.9 if args.fixed else 1.4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    criterion = nn.SmoothL1Loss()
    for step, (a, b) in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(a), b)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
