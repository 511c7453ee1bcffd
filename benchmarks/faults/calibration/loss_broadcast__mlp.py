"""A binary cross-entropy written out compares probabilities (32, 1) with labels (32,)."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Classifier(nn.Module):
    """Probability that a point lies inside."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 48), nn.Tanh(), nn.Linear(48, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(3000, 6)
    y = (x[:, :3].square().sum(1) < 2.4).float()
    if args.fixed:
        y = y[:, None]
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (a, b) in enumerate(batches(x, y, steps=args.steps)):
        p = model(a).clamp(1e-6, 1 - 1e-6)
        loss = -(b * p.log() + (1 - b) * (1 - p).log()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
