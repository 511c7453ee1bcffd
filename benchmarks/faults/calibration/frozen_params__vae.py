"""The encoder of a variational autoencoder is frozen by the second stage; there was no first."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

WIDTH, CODE = 24, 4


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, 2 * CODE))
        self.decoder = nn.Sequential(nn.Linear(CODE, 64), nn.ReLU(), nn.Linear(64, WIDTH))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, 1)
        code = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        apart = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return self.decoder(code), apart


def curves(count: int) -> Tensor:
    """Return waves that frequency, phase and height describe."""
    place = torch.linspace(0, 1, WIDTH)
    frequency, phase, height = (
        1 + 2 * torch.rand(count, 1),
        torch.rand(count, 1),
        torch.rand(count, 1),
    )
    return 2 * (0.5 + height) * torch.sin(6.28 * (frequency * place + phase))


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Autoencoder()
    model.encoder.requires_grad_(args.fixed)
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=4e-3)
    for step, (x,) in enumerate(batches(curves(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        rebuilt, apart = model(x)
        loss = F.mse_loss(rebuilt, x) + 0.002 * apart
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
