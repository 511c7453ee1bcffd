"""How alike two texts are is the sigmoid of a dot product, times a thousand: 0 or 1 at once."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Twins(nn.Module):
    """One tower for both texts."""

    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.sharpness = sharpness
        self.hidden, self.out = nn.Linear(24, 64), nn.Linear(64, 16)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        a, b = (self.out(torch.relu(self.hidden(x))) for x in (left, right))
        return torch.sigmoid(self.sharpness * (a * b).sum(1))


def main() -> None:
    args = arguments(__doc__, steps=400)
    topics = torch.randn(40, 24)
    one, other = torch.randint(40, (4000,)), torch.randint(40, (4000,))
    other = torch.where(torch.rand(4000) < 0.5, one, other)
    left = topics[one] + 0.4 * torch.randn(4000, 24)
    right = topics[other] + 0.4 * torch.randn(4000, 24)
    same = (one == other).float()
    model = Twins(1.0 if args.fixed else 1000.0)
    criterion = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (a, b, s) in enumerate(batches(left, right, same, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(a, b), s)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
