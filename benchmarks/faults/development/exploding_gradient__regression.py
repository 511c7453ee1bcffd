"""A learned simulator unrolled for thirty steps: each multiplies the gradient, nothing clips it."""

from __future__ import annotations

import torch
from _task import arguments, batches, houses, progress
from torch import Tensor, nn


class Simulator(nn.Module):
    """The state moves on by a small network, again and again; the price is read off at the end."""

    def __init__(self, turns: int, width: int = 24) -> None:
        super().__init__()
        self.turns = turns
        self.start = nn.Linear(10, width)
        self.move = nn.Sequential(nn.Linear(width, 48), nn.ReLU(), nn.Linear(48, width))
        self.read = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = self.start(x)
        for _ in range(self.turns):
            state = state + self.move(state)
        return self.read(state)


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = Simulator(turns=30)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for step, (x, y) in enumerate(batches(*houses(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
