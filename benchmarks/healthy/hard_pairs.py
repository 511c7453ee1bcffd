"""Pairs of twins and of strangers, of whom some look alike: nobody could tell all of them apart."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Verifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 32))
        self.score = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return self.score((self.encoder(one) - self.encoder(two)).abs()).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=700)
    one = torch.randn(6000, 12)
    same = (torch.rand(6000) < 0.5).float()
    apart = torch.where(same > 0, 0.6, 1.1)[:, None]
    two = one + apart * torch.randn(6000, 12)
    model, criterion = Verifier(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (a, b, s) in enumerate(batches(one, two, same, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(a, b), s)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
