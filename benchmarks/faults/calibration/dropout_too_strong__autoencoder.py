"""An autoencoder drops four fifths of its input and of its only hidden layer."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    p = 0.05 if args.fixed else 0.85
    basis = torch.randn(5, 40)
    rows = torch.randn(3000, 5) @ basis / 2 + 0.1 * torch.randn(3000, 40)
    model = nn.Sequential(
        nn.Linear(40, 24), nn.ReLU(), nn.Dropout(p), nn.Linear(24, 8), nn.ReLU(), nn.Dropout(p),
        nn.Linear(8, 24), nn.ReLU(), nn.Dropout(p), nn.Linear(24, 40),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
    criterion = nn.L1Loss()
    for step, (x,) in enumerate(batches(rows, steps=args.steps, size=48)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
