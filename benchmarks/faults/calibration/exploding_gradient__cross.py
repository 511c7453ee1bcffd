"""A cross network of eight layers: each multiplies by the input again, and its tails with it.

Deep & Cross (Wang et al. 2017) has the same product; its authors clip gradients at 100.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FIELDS, VALUES, WIDTH = 3, 40, 8


class Cross(nn.Module):
    """Products of ever higher order, of tables for the fields and of what was counted."""

    def __init__(self, layers: int = 8) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(VALUES, WIDTH) for _ in range(FIELDS))
        size = FIELDS * WIDTH + 4
        self.layers = nn.ModuleList(nn.Linear(size, 1) for _ in range(layers))
        self.head = nn.Linear(size, 1)

    def forward(self, fields: Tensor, counted: Tensor) -> Tensor:
        first = torch.cat([t(fields[:, i]) for i, t in enumerate(self.tables)] + [counted], 1)
        x = first
        for layer in self.layers:
            x = x + first * layer(x)
        return self.head(x).squeeze(1)


def visits(count: int = 20000) -> tuple[Tensor, Tensor, Tensor]:
    """Return the fields and the counts of visits, and how long each lasted."""
    fields = torch.randint(VALUES, (count, FIELDS))
    counted = torch.randn(count, 4).exp()
    counted = (counted - counted.mean(0)) / counted.std(0)
    pull = torch.randn(FIELDS, VALUES)
    a, b, c = (pull[i][fields[:, i]] for i in range(FIELDS))
    return fields, counted, a + 0.7 * b * c + 0.3 * counted[:, 0] + 0.3 * torch.randn(count)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Cross()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (f, c, y) in enumerate(batches(*visits(), steps=args.steps, size=128)):
        loss = nn.functional.mse_loss(model(f, c), y)
        optimizer.zero_grad()
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
