"""The two halves of a siamese net end in a sigmoid over features that were never scaled down."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Signature(nn.Module):
    """Where a drawing lies among others."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.first, self.second = nn.Linear(24, 64), nn.Linear(64, 16)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.first(x))
        return torch.sigmoid(self.second(hidden * self.gain))


def contrastive(a: Tensor, b: Tensor, same: Tensor) -> Tensor:
    """Return the loss of Hadsell et al."""
    gap = (a - b).square().sum(1).add(1e-6).sqrt()
    return (same * gap.square() + (1 - same) * torch.relu(1.5 - gap).square()).mean()


def main() -> None:
    args = arguments(__doc__, steps=400)
    writers = torch.randn(40, 24)
    left, right = torch.randint(40, (4000,)), torch.randint(40, (4000,))
    same = (torch.rand(4000) < 0.5).float()
    right = torch.where(same > 0, left, right)
    same = (left == right).float()
    x = writers[left] + 0.4 * torch.randn(4000, 24)
    z = writers[right] + 0.4 * torch.randn(4000, 24)
    model = Signature(1.0 if args.fixed else 300.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (a, b, s) in enumerate(batches(x, z, same, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = contrastive(model(a), model(b), s)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
