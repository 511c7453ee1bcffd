"""The encoder's output takes a round trip through numpy, and the graph ends there.

The head still trains on whatever the random encoder gives it; no gradient ever reaches the encoder,
although the optimizer holds it.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, surface
from torch import Tensor, nn


class Regressor(nn.Module):
    """A deep encoder, standardised features, a linear head."""

    def __init__(self, *, detach: bool) -> None:
        super().__init__()
        self.detach = detach
        self.encoder = nn.Sequential(
            nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 16)
        )
        self.head = nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        features = self.encoder(x)
        if self.detach:
            array = features.detach().numpy()
            features = torch.from_numpy((array - array.mean(0)) / array.std(0))  # the fault
        else:
            features = (features - features.mean(0)) / features.std(0)
        return self.head(features)


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, heights = surface()
    model = Regressor(detach=not args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(points, heights, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
