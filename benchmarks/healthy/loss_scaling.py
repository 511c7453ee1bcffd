"""float16 with a loss scale that starts too high: the first steps are skipped, then it learns."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = nn.Sequential(
        nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**22)
    for step, (x, y) in enumerate(batches(*arms(), steps=args.steps)):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
