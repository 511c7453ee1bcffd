"""An L2 penalty written by hand, 0.1 times the sum of squares, is larger than the loss itself."""

from __future__ import annotations

import torch
from _task import arguments, batches, houses, progress
from torch import Tensor, nn


def l2(model: nn.Module) -> Tensor:
    return sum((p.pow(2).sum() for p in model.parameters()), torch.zeros(()))


def main() -> None:
    args = arguments(__doc__, steps=500)
    l2_lambda = 1e-5 if args.fixed else 0.1
    model = nn.Sequential(
        nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    mse = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*houses(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        data_loss = mse(model(x), y)
        loss = data_loss + l2_lambda * l2(model)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, data_loss)


if __name__ == "__main__":
    main()
