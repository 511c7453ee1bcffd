"""The encoder of a siamese network is three linear layers in a row, and nothing between."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def encoder(activation: type[nn.Module]) -> nn.Module:
    return nn.Sequential(
        nn.Linear(16, 64), activation(), nn.Linear(64, 64), activation(), nn.Linear(64, 8)
    )


def contrastive(one: Tensor, two: Tensor, same: Tensor, margin: float = 1.0) -> Tensor:
    """Return the loss of Hadsell et al. 2006: pull equal pairs together, push others apart."""
    distance = (one - two).pow(2).sum(1).add(1e-6).sqrt()
    pull, push = distance.pow(2), (margin - distance).clamp(min=0).pow(2)
    return torch.mean(same * pull + (1 - same) * push)


def pairs(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pairs of points, and whether both lie on the same shell around the origin."""

    def shell(radius: Tensor) -> Tensor:
        direction = torch.randn(count, 16)
        return radius[:, None] * direction / direction.norm(dim=1, keepdim=True)

    first, second = torch.randint(1, 4, (2, count)).float()
    return 2 * shell(first), 2 * shell(second), (first == second).float()


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = encoder(nn.ReLU if args.fixed else nn.Identity)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (a, b, same) in enumerate(batches(*pairs(6000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = contrastive(model(a), model(b), same)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
