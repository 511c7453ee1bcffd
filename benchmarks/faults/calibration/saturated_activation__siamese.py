"""The towers of a siamese net add up two hundred items before a tanh, and Adam is in a hurry.

Pinned from the first forward pass on; the steps are large as well. Fixed: the mean, and the same
steps.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Siamese(nn.Module):
    """Whether two baskets are of one household, by how far their codes lie apart."""

    def __init__(self, *, mean: bool) -> None:
        super().__init__()
        self.mean = mean
        self.item = nn.Sequential(nn.Linear(8, 64), nn.ReLU())
        self.code = nn.Sequential(nn.Linear(64, 32), nn.Tanh())
        self.score = nn.Linear(32, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        a, b = (self._encode(x) for x in (left, right))
        return self.score((a - b).abs()).squeeze(1)

    def _encode(self, basket: Tensor) -> Tensor:
        items = self.item(basket)
        return self.code(items.mean(1) if self.mean else items.sum(1))


def main() -> None:
    args = arguments(__doc__, steps=300)
    homes = torch.randn(30, 1, 8)
    one, other = torch.randint(30, (1200,)), torch.randint(30, (1200,))
    other = torch.where(torch.rand(1200) < 0.5, one, other)
    left, right = (homes[x] + torch.randn(1200, 200, 8) for x in (one, other))
    same = (one == other).float()
    model = Siamese(mean=args.fixed)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    for step, (a, b, s) in enumerate(batches(left, right, same, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(a, b), s)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
