"""Codes of faces are the tanh of summed-up features, and compared by their cosine: all are bits."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Faces(nn.Module):
    """A code for each of two faces."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.features = nn.Sequential(nn.Linear(24, 64), nn.ReLU())
        self.code = nn.Linear(64, 16)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        a, b = (torch.tanh(self.code(self.gain * self.features(x))) for x in (left, right))
        return nn.functional.cosine_similarity(a, b)


def main() -> None:
    args = arguments(__doc__, steps=400)
    people = torch.randn(40, 24)
    one, other = torch.randint(40, (4000,)), torch.randint(40, (4000,))
    other = torch.where(torch.rand(4000) < 0.5, one, other)
    left = people[one] + 0.4 * torch.randn(4000, 24)
    right = people[other] + 0.4 * torch.randn(4000, 24)
    same = 2 * (one == other).float() - 1
    model = Faces(1.0 if args.fixed else 100.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for step, (a, b, s) in enumerate(batches(left, right, same, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(a, b), s)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
