"""The code of a hashing autoencoder is tanh(200 z): nearly bits, and nearly no gradient."""

from __future__ import annotations

import torch
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn


class Hashing(nn.Module):
    def __init__(self, steepness: float, bits: int = 16) -> None:
        super().__init__()
        self.steepness = steepness
        self.encoder = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, bits))
        self.decoder = nn.Sequential(nn.Linear(bits, 64), nn.ReLU(), nn.Linear(64, 32))

    def forward(self, x: Tensor) -> Tensor:
        code = torch.tanh(self.steepness * self.encoder(x))
        return self.decoder(code)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Hashing(steepness=1.0 if args.fixed else 200.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x,) in enumerate(batches(profiles(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
