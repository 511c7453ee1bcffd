"""An autoencoder whose decoder is its encoder transposed: one matrix, used twice."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, blobs, progress
from torch import Tensor, nn


class Tied(nn.Module):
    """Six numbers for twenty."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(20, 6)
        self.bias = nn.Parameter(torch.zeros(20))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(torch.tanh(self.encoder(x)), self.encoder.weight.T, self.bias)


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, _ = blobs(spread=0.3)
    model = Tied()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x,) in enumerate(batches(points, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
