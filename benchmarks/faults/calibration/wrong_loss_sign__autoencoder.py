"""A reconstruction error is returned as a score, higher for better, and put into backward."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Autoencoder(nn.Module):
    """Encoder, decoder, and how well they do."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 3))
        self.decoder = nn.Sequential(nn.Linear(3, 48), nn.ReLU(), nn.Linear(48, 24))

    def score(self, x: Tensor) -> Tensor:
        return -F.mse_loss(self.decoder(self.encoder(x)), x)


def main() -> None:
    args = arguments(__doc__, steps=400)
    data = torch.tanh(torch.randn(2000, 3) @ torch.randn(3, 24))
    model = Autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x,) in enumerate(batches(data, steps=args.steps)):
        optimizer.zero_grad()
        loss = -model.score(x) if args.fixed else model.score(x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
