"""Eight unnormalised blocks of a decoder each triple what goes through them: gradients blow up."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Vae(nn.Module):
    """Curves by a code of four numbers."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.encoder = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 8))
        self.enter = nn.Linear(4, 48)
        self.blocks = nn.ModuleList(nn.Linear(48, 48) for _ in range(8))
        self.out = nn.Linear(48, 32)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, spread = self.encoder(x).chunk(2, 1)
        code = mean + (0.5 * spread).exp() * torch.randn_like(mean)
        hidden = self.enter(code)
        for block in self.blocks:
            hidden = hidden + self.share * torch.relu(block(hidden))
        return self.out(hidden), mean, spread


def main() -> None:
    args = arguments(__doc__, steps=400)
    at = torch.linspace(-1, 1, 32)
    numbers = torch.randn(3000, 3, 1)
    curves = numbers[:, 0] * (3 * at).sin() + numbers[:, 1] * at + numbers[:, 2] * (5 * at).cos()
    model = Vae(0.2 if args.fixed else 6.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x,) in enumerate(batches(curves + 0.1 * torch.randn(3000, 32), steps=args.steps)):
        made, mean, spread = model(x)
        error = (made - x).square().sum(1).mean()
        divergence = 0.5 * (mean.square() + spread.exp() - spread - 1).sum(1).mean()
        loss = error + 0.1 * divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
