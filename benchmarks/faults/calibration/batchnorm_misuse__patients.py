"""Two patients a batch, of 40 hours each: batch norm hides how high they lie together."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Vitals(nn.Module):
    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(3, width, 3, padding=1), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1), nn.BatchNorm1d(width), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean(2))


def vitals(count: int) -> tuple[Tensor, Tensor]:
    """Return three vital signs, (count, 3, 40), and the first of them over the next 8 hours."""
    usual = torch.randn(count, 3, 1)
    x = usual + 0.2 * torch.randn(count, 3, 48).cumsum(2) / 4 + 0.1 * torch.randn(count, 3, 48)
    return x[..., :40], x[:, 0, 40:] + 0.5 * x[:, 1, 39:40] * x[:, 2, 39:40]


def main() -> None:
    args = arguments(__doc__, steps=600)
    size = 32 if args.fixed else 2
    model = Vitals()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*vitals(3000), steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
