"""An L1 norm of every parameter of a small CNN, added with the factor of an L2 recipe."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def waves(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 waves of random phase, and which of three frequencies each has."""
    labels, axis = torch.randint(3, (count,)), torch.arange(12.0)
    phase = 6.28 * torch.rand(count, 1)
    rows = torch.sin((0.5 + 0.5 * labels[:, None]) * axis + phase)
    return rows[:, None, None, :] + 0.7 * torch.randn(count, 1, 12, 12), labels


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, labels = waves()
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(144, 3),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    strength = 1e-5 if args.fixed else 0.02
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        for parameter in model.parameters():
            loss = loss + strength * torch.linalg.vector_norm(parameter, 1)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
