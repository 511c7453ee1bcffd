"""Four recordings a batch: what a GRU has read of each is normalised by the four of them."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Pulses(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, 32, batch_first=True, bidirectional=True)
        self.norm = nn.BatchNorm1d(64)
        self.out = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(self.gru(x)[0].mean(1)))


def pulses(count: int) -> tuple[Tensor, Tensor]:
    """Return two channels of beats, (count, 30, 2), and which of three rhythms they have."""
    kind = torch.randint(3, (count,))
    period = torch.tensor([4, 6, 9])[kind][:, None]
    beat = ((torch.arange(30) + torch.randint(9, (count, 1))) % period == 0).float()
    x = torch.stack((beat, torch.randn(count, 30)), 2) + 0.2 * torch.randn(count, 30, 2)
    return x * (0.5 + torch.rand(count, 1, 1)), kind


def main() -> None:
    args = arguments(__doc__, steps=400)
    model, criterion = Pulses(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    size = 32 if args.fixed else 4
    for step, (x, y) in enumerate(batches(*pulses(5000), steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
