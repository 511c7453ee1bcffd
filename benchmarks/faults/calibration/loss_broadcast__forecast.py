"""Quantile loss of predictions (64, 1) against values (64,)."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Quantile(nn.Module):
    """The upper tenth of tomorrow."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.head = nn.GRU(1, 24, batch_first=True), nn.Linear(24, 1)

    def forward(self, days: Tensor) -> Tensor:
        return self.head(self.gru(days)[0][:, -1])


def pinball(q: Tensor, y: Tensor) -> Tensor:
    """Return the loss that the 0.9 quantile has least of."""
    e = y - q
    return torch.maximum(0.9 * e, -0.1 * e).mean()


def main() -> None:
    args = arguments(__doc__, steps=300)
    time, phase = torch.arange(13) / 3, 6.28 * torch.rand(3000, 1)
    waves = (time * (1 + torch.rand(3000, 1)) + phase).sin() + 0.1 * torch.randn(3000, 13)
    model = Quantile()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x,) in enumerate(batches(waves, steps=args.steps, size=64)):
        q = model(x[:, :12, None])
        loss = pinball(q.squeeze(-1) if args.fixed else q, x[:, 12])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
