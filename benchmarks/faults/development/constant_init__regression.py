"""Every weight starts at the same number, so each layer has one unit in many copies."""

from __future__ import annotations

import torch
from _task import arguments, batches, houses, progress
from torch import nn


class HousePrice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(10, 64)
        self.fc2 = nn.Linear(64, 64)
        self.out = nn.Linear(64, 1)

    def reset(self, value: float) -> None:
        for layer in (self.fc1, self.fc2, self.out):
            nn.init.constant_(layer.weight, value)
            nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.out(x)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = HousePrice()
    if not args.fixed:
        model.reset(0.02)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    criterion = nn.MSELoss()
    for step, (x, y) in enumerate(batches(*houses(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
