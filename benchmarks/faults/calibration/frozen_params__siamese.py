"""The shared encoder of two pictures is frozen by a flag left from a fine-tuning script."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Same(nn.Module):
    """Says whether two feature vectors are of one person."""

    def __init__(self, freeze_encoder: bool) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(24, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU()
        )
        self.compare = nn.Linear(32, 1)
        if freeze_encoder:
            for parameter in self.encoder.parameters():
                parameter.requires_grad = False

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return self.compare((self.encoder(one) - self.encoder(two)).abs())[:, 0]


def pairs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pairs of vectors: a person is in six of the numbers, the others change."""
    people, mixing = torch.randn(60, 6), torch.randn(24, 24) / 24**0.5
    first, same = torch.randint(60, (count,)), torch.rand(count) < 0.5
    second = torch.where(same, first, torch.randint(60, (count,)))
    one, two = (torch.cat((people[i], 1.2 * torch.randn(count, 18)), 1) for i in (first, second))
    return one @ mixing, two @ mixing, (first == second).float()


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Same(freeze_encoder=not args.fixed)
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.1, momentum=0.9)
    for step, (a, b, y) in enumerate(batches(*pairs(8000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(a, b), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
