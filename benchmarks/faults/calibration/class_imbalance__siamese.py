"""Of all pairs drawn one in twelve is of the same person, and "different" is always the answer."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Verifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 16))
        self.head = nn.Linear(16, 2)

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return self.head((self.encoder(one) - self.encoder(two)).abs())


def pairs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pairs of noisy portraits of twelve people, and whether both are of one."""
    people = torch.randn(12, 16)
    first, second = torch.randint(12, (2, count))
    one, two = (people[i] + 0.8 * torch.randn(count, 16) for i in (first, second))
    return one, two, (first == second).long()


def main() -> None:
    args = arguments(__doc__, steps=300)
    weight = torch.tensor([0.55, 6.0]) if args.fixed else None
    model, criterion = Verifier(), nn.CrossEntropyLoss(weight=weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step, (a, b, same) in enumerate(batches(*pairs(6000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(a, b), same)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
