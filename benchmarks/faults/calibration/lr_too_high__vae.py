"""Adam trains an autoencoder of a summed loss with a learning rate of 0.1: the codes say nothing.

The sum over the pixels makes the loss large, and the rate is guessed as for one that is a mean.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn
from torch.nn import functional


class Vae(nn.Module):
    """Pictures by a code of six numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(144, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU())
        self.mean, self.spread = nn.Linear(48, 6), nn.Linear(48, 6)
        self.decoder = nn.Sequential(
            nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 96), nn.ReLU(), nn.Linear(96, 144)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.encoder(x)
        mean, spread = self.mean(hidden), self.spread(hidden)
        code = mean + (0.5 * spread).exp() * torch.randn_like(mean)
        return self.decoder(code), mean, spread


def discs(count: int = 4000) -> Tensor:
    """Return pictures of a disc somewhere, (count, 144), black and white."""
    at = torch.arange(12.0)
    y, x, radius = (torch.rand(count, 1, 1) * span + low for low, span in ((3, 6), (3, 6), (2, 2)))
    far = (at[:, None] - y).square() + (at - x).square()
    return (far < radius.square()).float().flatten(1)


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Vae()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3 if args.fixed else 0.1)
    for step, (x,) in enumerate(batches(discs(), steps=args.steps, size=64)):
        logits, mean, spread = model(x)
        error = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = -0.5 * (1 + spread - mean.square() - spread.exp()).sum()
        loss = (error + divergence) / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
