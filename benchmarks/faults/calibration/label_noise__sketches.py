"""Raters said at random for every second pair of sketches whether both are of one hand."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(24, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 24)
        )
        self.score = nn.Linear(24, 1)

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return self.score((self.encoder(one) - self.encoder(two)).abs()).squeeze(1)


def pairs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pairs of sketches by twelve hands, half of them by one hand, and whether they are."""
    hands = torch.randn(12, 24)
    first, second = torch.randint(12, (2, count))
    second = torch.where(torch.rand(count) < 0.5, first, second)
    one, two = (hands[i] + 0.5 * torch.randn(count, 24) for i in (first, second))
    return one, two, (first == second).float()


def main() -> None:
    args = arguments(__doc__, steps=500)
    one, two, same = pairs(3000)
    guessed = torch.rand(len(same)) < (0.0 if args.fixed else 0.5)
    same = torch.where(guessed, torch.randint(2, same.shape).float(), same)
    model, criterion = Siamese(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (a, b, s) in enumerate(batches(one, two, same, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(a, b), s)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
