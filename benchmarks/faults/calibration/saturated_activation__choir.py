"""Singers' scores of eighty songs are rebuilt from a gated code: tanh times sigmoid of their sum.

Scores are multiplied by the number of songs, to make up for those not sung. Fixed: they are not.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SONGS, CODE = 80, 24


class Choir(nn.Module):
    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.code, self.sure = nn.Linear(SONGS, CODE), nn.Linear(SONGS, CODE)
        self.head = nn.Linear(CODE, SONGS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.weight * x
        return self.head(torch.tanh(self.code(x)) * torch.sigmoid(self.sure(x)))


def scores(count: int = 3000) -> Tensor:
    """Return scores of deviation 1 that three tastes explain."""
    x = torch.randn(count, 3) @ torch.randn(3, SONGS) / 3**0.5
    return x + 0.3 * torch.randn(count, SONGS)


def main() -> None:
    args = arguments(__doc__, steps=700)
    model = Choir(1.0 if args.fixed else float(SONGS))
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x,) in enumerate(batches(scores(), steps=args.steps, size=64)):
        sung = (torch.rand_like(x) < 0.7).float()
        optimizer.zero_grad()
        loss = criterion(model(x * sung), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
