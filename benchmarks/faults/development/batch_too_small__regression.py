"""Three hundred noisy sensors, and one example a step: the noise is all the gradient shows."""

from __future__ import annotations

import torch
from _data import sensors
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    x, y = sensors(20000)
    model = nn.Sequential(nn.Linear(300, 32), nn.ReLU(), nn.Linear(32, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    size = 256 if args.fixed else 1
    for step, (xb, yb) in enumerate(batches(x, y, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
    with torch.no_grad():
        print(f"all {criterion(model(x), y).item():.4f}")


if __name__ == "__main__":
    main()
