"""How full a reservoir is, 0 to 1, is the sigmoid of the sum of states of an LSTM, times a hundred.

Added up over thirty days it is beyond 5 from the start. Fixed: the mean of the states.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Level(nn.Module):
    def __init__(self, *, mean: bool) -> None:
        super().__init__()
        self.mean = mean
        self.rnn = nn.LSTM(3, 24, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, x: Tensor) -> Tensor:
        states = self.rnn(x)[0]
        pooled = states.mean(1) if self.mean else 100 * states.sum(1)
        return torch.sigmoid(self.head(pooled))


def days(count: int = 2500) -> tuple[Tensor, Tensor]:
    """Return rain, wind and warmth of thirty days, and the level in the end."""
    x = torch.randn(count, 30, 3)
    kept = 0.9 ** torch.arange(29.0, -1, -1)
    level = ((x[:, :, 0] - 0.5 * x[:, :, 2]) * kept).sum(1, keepdim=True)
    return x, torch.sigmoid(level / level.std())


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Level(mean=args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(*days(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
