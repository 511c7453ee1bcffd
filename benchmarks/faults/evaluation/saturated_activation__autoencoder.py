"""To get near-binary codes the bottleneck is tanh(60 x) from the first step: no unit can move."""

from __future__ import annotations

import torch
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn


class HashingAutoencoder(nn.Module):
    def __init__(self, width: int = 32, bits: int = 4, sharpness: float = 1.0) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, bits))
        self.squash = nn.Tanh()
        self.decode = nn.Sequential(nn.Linear(bits, 64), nn.ReLU(), nn.Linear(64, width))
        self.sharpness = sharpness

    def forward(self, x: Tensor) -> Tensor:
        code = self.squash(self.sharpness * self.encode(x))
        return self.decode(code)


def main() -> None:
    args = arguments(__doc__, steps=600)
    curves = profiles()
    model = HashingAutoencoder(sharpness=1.0 if args.fixed else 60.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.MSELoss()

    for step, (x,) in enumerate(batches(curves, steps=args.steps, size=64)):
        loss = criterion(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
