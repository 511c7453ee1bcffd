"""A BatchNorm momentum of 0.0001 leaves the running statistics at their start: eval is nonsense.

A high loss in eval mode alone: pytorch/pytorch#4741, chemprop/chemprop#607.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, houses
from torch import nn

import lossmon


def main() -> None:
    args = arguments(__doc__, steps=500)
    momentum = 0.1 if args.fixed else 0.0001
    x, y = houses(4000)
    x = x * torch.linspace(1, 30, 10) + 50  # areas, ages and rooms as they come
    model = nn.Sequential(
        nn.BatchNorm1d(10, momentum=momentum),
        nn.Linear(10, 64),
        nn.BatchNorm1d(64, momentum=momentum),
        nn.ReLU(),
        nn.Linear(64, 64),
        nn.ReLU(),
        nn.Linear(64, 1),
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    mon = lossmon.watch(model, optimizer, criterion=criterion)
    for step, (xb, yb) in enumerate(batches(x[:3500], y[:3500], steps=args.steps, size=64)):
        model.train()
        loss = criterion(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mon.step(loss)
        if step % 25 == 24:
            model.eval()
            with torch.no_grad():
                val = criterion(model(x[3500:]), y[3500:]).item()
            mon.log(val_loss=val)
            print(f"step {step:4d}  loss {loss.item():.4f}  val {val:.4f}", flush=True)


if __name__ == "__main__":
    main()
