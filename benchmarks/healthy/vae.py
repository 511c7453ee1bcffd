"""A variational autoencoder: reconstruction and divergence, summed over features, in one loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, blobs, progress
from torch import Tensor, nn


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(20, 64), nn.ReLU())
        self.mean, self.spread = nn.Linear(64, 4), nn.Linear(64, 4)
        self.decoder = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 20))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.encoder(x)
        mean, spread = self.mean(hidden), self.spread(hidden)
        code = mean + torch.randn_like(mean) * (spread / 2).exp()
        return self.decoder(code), mean, spread


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, _ = blobs()
    model = Autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x,) in enumerate(batches(points, steps=args.steps, size=64)):
        seen, mean, spread = model(x)
        divergence = -0.5 * (1 + spread - mean.square() - spread.exp()).sum() / len(x)
        loss = F.mse_loss(seen, x, reduction="sum") / len(x) + divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
