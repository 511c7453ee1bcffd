"""A tower's batch norm stays at statistics of raw counts, and gets their logarithms now.

In eval mode from the start it subtracts hundreds and divides by them: all that is left is -1.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FEATURES, ITEMS = 12, 40


class Tower(nn.Module):
    """A user's counts, normalised, and an item."""

    def __init__(self, *, frozen: bool) -> None:
        super().__init__()
        self.norm, self.item = nn.BatchNorm1d(FEATURES), nn.Embedding(ITEMS, 12)
        self.user = nn.Sequential(nn.Linear(FEATURES, 48), nn.ReLU(), nn.Linear(48, 12))
        self.frozen = frozen
        if frozen:
            nn.init.constant_(self.norm.running_mean, 400.0)
            nn.init.constant_(self.norm.running_var, 350.0**2)

    def train(self, mode: bool = True) -> Tower:
        super().train(mode)
        self.norm.train(mode and not self.frozen)
        return self

    def forward(self, counts: Tensor, item: Tensor) -> Tensor:
        return (self.user(self.norm(counts)) * self.item(item)).sum(1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    taste = torch.randn(4000, FEATURES)
    counts, item = 3 + taste, torch.randint(ITEMS, (4000,))
    style = torch.randn(ITEMS, FEATURES)
    liked = ((taste * style[item]).sum(1) > 0).float()
    model = Tower(frozen=not args.fixed).train()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, which, y) in enumerate(batches(counts, item, liked, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x, which), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
