"""Saturated activation: the code of an autoencoder is multiplied by 200 before its sigmoid.

Meant to make the code nearly binary, it leaves the encoder without a gradient from the start.
Fixed: the code goes into the sigmoid as it is.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Autoencoder(nn.Module):
    """Through a code of eight numbers between 0 and 1."""

    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.sharpness = sharpness
        self.encoder = nn.Sequential(nn.Linear(50, 64), nn.ReLU(), nn.Linear(64, 8))
        self.code = nn.Sigmoid()
        self.decoder = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 50))

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.code(self.sharpness * self.encoder(x)))


def main() -> None:
    args = arguments(__doc__, steps=400)
    factors = torch.randn(3000, 4)
    signals = torch.tanh(factors @ torch.randn(4, 50)) + 0.1 * torch.randn(3000, 50)
    model = Autoencoder(1.0 if args.fixed else 200.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x,) in enumerate(batches(signals, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
