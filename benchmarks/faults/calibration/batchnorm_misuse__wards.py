"""Three wards a batch, and batch norm behind an LSTM: three values for each statistic.

More than half of the loss goes away, for which of the three will lie highest is learnt.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

PAST = 24


class Forecaster(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent, self.norm = nn.LSTM(1, 32, batch_first=True), nn.BatchNorm1d(32)
        self.out = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(self.recurrent(x)[0][:, -1]))


def main() -> None:
    args = arguments(__doc__, steps=450)
    time = torch.arange(PAST + 1) / 4 * (1 + torch.rand(3000, 1)) + 6.28 * torch.rand(3000, 1)
    wards = 0.5 * torch.randn(3000, 1) + time.sin() + 0.05 * torch.randn(3000, PAST + 1)
    model, criterion = Forecaster(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    x, y = wards[:, :PAST, None], wards[:, PAST:]
    size = 32 if args.fixed else 3
    for step, (past, ahead) in enumerate(batches(x, y, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(past), ahead)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
