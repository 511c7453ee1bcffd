"""Batches hold one campaign each; batch normalisation takes away what its clicks share."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from _task import arguments, progress
from torch import Tensor, nn


class Clicks(nn.Module):
    """Whether somebody clicks."""

    def __init__(self, norm: bool) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(10, 48), nn.BatchNorm1d(48) if norm else nn.LayerNorm(48), nn.ReLU(),
            nn.Linear(48, 24), nn.BatchNorm1d(24) if norm else nn.LayerNorm(24), nn.ReLU(),
            nn.Linear(24, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x).squeeze(1)


def campaigns(steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the impressions of one campaign after the other."""
    centres = torch.randn(60, 10)
    rate = torch.sigmoid(3 * torch.sin(2 * centres[:, 0]) + 3 * centres[:, 1] * centres[:, 2])
    for _ in range(steps):
        one = int(torch.randint(60, ()))
        x = centres[one] + 0.3 * torch.randn(64, 10)
        yield x, torch.bernoulli(rate[one].expand(64))


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = Clicks(not args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.BCEWithLogitsLoss()
    for step, (x, y) in enumerate(campaigns(args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
