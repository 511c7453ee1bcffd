"""The targets are a vector and the predictions a column: every one is compared with every other.

`--how criterion`: mse_loss, with PyTorch's warning. `--how hand`: the same difference written by
hand, of which nobody warns.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, surface
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500, how=("hand", "criterion"))
    points, heights = surface()
    if not args.fixed:
        heights = heights.squeeze(1)  # the fault: (64,), where the model puts out (64, 1)

    model = nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(points, heights, steps=args.steps, size=64)):
        optimizer.zero_grad()
        predicted = model(x)
        loss = (
            F.mse_loss(predicted, y) if args.how == "criterion" else (predicted - y).pow(2).mean()
        )
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
