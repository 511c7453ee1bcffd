"""Residual branches whose last layer starts at zero: at first each block is the identity."""

from __future__ import annotations

import torch
from _task import arguments, batches, curve, progress
from torch import Tensor, nn


class Branch(nn.Module):
    """x plus something that starts as nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)
        )
        nn.init.zeros_(self.inner[3].weight)
        nn.init.zeros_(self.inner[3].bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = nn.Sequential(nn.Linear(4, 32), *(Branch(32) for _ in range(6)), nn.Linear(32, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*curve(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
