"""The next reading of a meter: a fifth of them are those of another house, by a mixed-up number."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Forecaster(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 48, batch_first=True)
        self.head = nn.Linear(48, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=600)
    phase, speed = 6.28 * torch.rand(3000, 1), 0.2 + 0.6 * torch.rand(3000, 1)
    series = torch.sin(speed * torch.arange(25) + phase) + 0.1 * torch.randn(3000, 25)
    past, coming = series[:, :24, None], series[:, 24:].clone()
    if not args.fixed:
        houses = torch.randperm(3000)[:600]
        coming[houses] = coming[houses.roll(1)]
    model = Forecaster()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(past, coming, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
