"""Nine tenths of a bottleneck's code are dropped in every step, by functional dropout."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Denoiser(nn.Module):
    """Codes curves by twelve numbers."""

    def __init__(self, drop: float) -> None:
        super().__init__()
        self.drop = drop
        self.down1, self.down2 = nn.Linear(32, 64), nn.Linear(64, 12)
        self.up1, self.up2 = nn.Linear(12, 64), nn.Linear(64, 32)

    def forward(self, x: Tensor) -> Tensor:
        code = F.dropout(self.down2(F.gelu(self.down1(x))), self.drop, training=self.training)
        hidden = F.dropout(F.gelu(self.up1(code)), self.drop, training=self.training)
        return self.up2(hidden)


def main() -> None:
    args = arguments(__doc__, steps=500)
    at = torch.linspace(-1, 1, 32)
    numbers = torch.randn(3000, 4, 1)
    curves = numbers[:, 0] * (3 * at).sin() + numbers[:, 1] * at + numbers[:, 2] * (5 * at).cos()
    curves = curves + 0.1 * torch.randn(3000, 32)
    model = Denoiser(0.05 if args.fixed else 0.9)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x,) in enumerate(batches(curves, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
