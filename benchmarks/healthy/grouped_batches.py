"""A batch holds one shop's weeks, under batch norm; the shop itself goes past it, by its number."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

SHOPS, PAST = 10, 12


class Forecaster(nn.Module):
    """What varies from week to week is normalised, and what the shop has in common is added."""

    def __init__(self) -> None:
        super().__init__()
        self.weeks = nn.Sequential(
            nn.Linear(PAST, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1)
        )
        self.shop = nn.Embedding(SHOPS, 1)

    def forward(self, past: Tensor, shop: Tensor) -> Tensor:
        return (self.weeks(past) + self.shop(shop)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=800)
    usual = torch.randn(SHOPS)
    model, criterion = Forecaster(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    for step in range(args.steps):
        shop = torch.randint(SHOPS, (1,)).expand(64)
        time = torch.arange(PAST + 1) / 2 + 6.28 * torch.rand(64, 1)
        sold = usual[shop][:, None] + time.sin() + 0.1 * torch.randn(64, PAST + 1)
        loss = criterion(model(sold[:, :PAST], shop), sold[:, PAST])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
