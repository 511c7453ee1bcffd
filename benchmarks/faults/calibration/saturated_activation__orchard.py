"""What an orchard yields, by a highway net over a season: each layer gates what it adds.

Days of sun are added up over the season and not averaged. Fixed: averaged.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

DAYS, SIGNS, WIDTH = 90, 8, 32


class Highway(nn.Module):
    """Some of what it is given, and some of what it makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.new, self.gate = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return gate * torch.tanh(self.new(x)) + (1 - gate) * x


class Orchard(nn.Module):
    def __init__(self, *, mean: bool) -> None:
        super().__init__()
        self.mean = mean
        self.day = nn.Linear(SIGNS, WIDTH)
        self.ways = nn.Sequential(Highway(), Highway(), Highway())
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, season: Tensor) -> Tensor:
        days = torch.relu(self.day(season))
        return self.head(self.ways(days.mean(1) if self.mean else days.sum(1)))


def seasons(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return signs of ninety days, (count, 90, 8), about a season's own, and the yield."""
    own = torch.randn(count, 1, SIGNS)
    signs = own + torch.randn(count, DAYS, SIGNS)
    warm, wet, frost = own[:, 0, :3].unbind(1)
    harvest = warm + 1.5 * torch.tanh(2 * wet) * torch.sin(2 * warm) - frost.relu()
    return signs, ((harvest - harvest.mean()) / harvest.std())[:, None]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Orchard(mean=args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*seasons(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
