"""Three in ten pairs of signatures bear the opposite of what is true: forged, or not."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Verifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 32))
        self.score = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return self.score((self.encoder(one) - self.encoder(two)).abs()).squeeze(1)


def pairs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pairs of signatures by ten people, and whether both are of one."""
    people = torch.randn(10, 16)
    first, second = torch.randint(10, (2, count))
    second = torch.where(torch.rand(count) < 0.5, first, second)
    one, two = (people[i] + 0.4 * torch.randn(count, 16) for i in (first, second))
    return one, two, (first == second).float()


def main() -> None:
    args = arguments(__doc__, steps=500)
    one, two, same = pairs(3000)
    mistaken = torch.rand(len(same)) < (0.0 if args.fixed else 0.3)
    same = torch.where(mistaken, 1 - same, same)
    model, criterion = Verifier(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (a, b, s) in enumerate(batches(one, two, same, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(a, b), s)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
