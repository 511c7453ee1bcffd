"""A forecaster is updated after every single series, as quickly as after sixty-four of them."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Forecaster(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(1, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=800)
    phase, speed = 6.28 * torch.rand(5000, 1), 0.2 + 0.6 * torch.rand(5000, 1)
    series = torch.sin(speed * torch.arange(25) + phase) + 0.3 * torch.randn(5000, 25)
    model, criterion = Forecaster(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3 if args.fixed else 1e-2)
    for step, (x, y) in enumerate(
        batches(series[:, :24, None], series[:, 24:], steps=args.steps, size=1)
    ):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
