"""A forecast of shape (batch, 1) is compared with targets of shape (batch,)."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Forecaster(nn.Module):
    """Predicts the next value of a series."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(1, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, past: Tensor) -> Tensor:
        return self.head(self.recurrent(past[..., None])[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    time = torch.arange(21) * (0.2 + 0.4 * torch.rand(2000, 1)) + 6.28 * torch.rand(2000, 1)
    past, following = torch.sin(time).split([20, 1], 1)
    model, criterion = Forecaster(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(past, following[:, 0], steps=args.steps)):
        optimizer.zero_grad()
        predicted = model(x)
        loss = criterion(predicted.squeeze(1) if args.fixed else predicted, y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
