"""Fault: a GRU that tells two kinds of sequence apart ends with a softmax over its one output."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Detector(nn.Module):
    """The probability that a sequence swings."""

    def __init__(self, *, softmax: bool) -> None:
        super().__init__()
        self.gru = nn.GRU(1, 24, batch_first=True)
        self.out = nn.Linear(24, 1)
        self.softmax = softmax

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.gru(x)
        score = self.out(last[0])
        return F.softmax(score, dim=1) if self.softmax else torch.sigmoid(score)


def main() -> None:
    args = arguments(__doc__, steps=300)
    swings = (torch.rand(2000, 1) < 0.5).float()
    time = torch.arange(20.0)
    phase = 6.28 * torch.rand(2000, 1)
    sequences = swings * torch.sin(time / 2 + phase) + 0.5 * torch.randn(2000, 20)
    model = Detector(softmax=not args.fixed)
    criterion = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(sequences[:, :, None], swings, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
