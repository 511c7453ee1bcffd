"""A forecast of traffic that varies by as much as there is of it: large errors of the largest."""

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
    args = arguments(__doc__, steps=600)
    hours = torch.arange(6024.0)
    usual = 1.2 + torch.sin(0.262 * hours) + 0.4 * torch.sin(0.0374 * hours)
    traffic = usual * (1 + 0.35 * torch.randn(len(hours)))
    traffic = (traffic - traffic.mean()) / traffic.std()
    windows = traffic.unfold(0, 25, 1)
    model, criterion = Forecaster(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(
        batches(windows[:, :24, None], windows[:, 24:], steps=args.steps, size=64)
    ):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
