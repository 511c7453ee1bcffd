"""Before training, the untrained model is evaluated once, and nobody switches it back.

Its batch norms go on with the statistics they were made with, mean 0 and variance 1, and normalise
nothing, although the features come in all units.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, surface
from torch import Tensor, nn

UNITS = torch.tensor([1.0, 1000.0, 0.01, 250.0, 1.0, 40.0, 3e3, 1e-3])


@torch.no_grad()
def evaluate(model: nn.Module, points: Tensor, heights: Tensor) -> float:
    model.eval()
    return F.mse_loss(model(points), heights).item()


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, heights = surface()
    points = points * UNITS
    model = nn.Sequential(
        nn.BatchNorm1d(8),
        nn.Linear(8, 64),
        nn.BatchNorm1d(64),
        nn.Tanh(),
        nn.Linear(64, 64),
        nn.BatchNorm1d(64),
        nn.Tanh(),
        nn.Linear(64, 1),
    )
    print(f"untrained: {evaluate(model, points, heights):.4f}")
    if args.fixed:
        model.train()  # what is missing

    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(points, heights, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
