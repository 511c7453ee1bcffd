"""Nineteen of twenty units are dropped behind every hidden layer."""

from __future__ import annotations

import torch
from _task import arguments, batches, patients
from torch import nn

import lossmon


def main() -> None:
    args = arguments(__doc__, steps=500)
    p = 0.1 if args.fixed else 0.95
    x, y = patients(9000)
    model = nn.Sequential(
        nn.Linear(12, 128),
        nn.ReLU(),
        nn.Dropout(p),
        nn.Linear(128, 128),
        nn.ReLU(),
        nn.Dropout(p),
        nn.Linear(128, 4),
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    mon = lossmon.watch(model, optimizer, criterion=criterion)
    for step, (xb, yb) in enumerate(batches(x[:8000], y[:8000], steps=args.steps, size=64)):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        mon.step(loss)
        if step % 25 == 24:
            model.eval()
            with torch.no_grad():
                val_loss = criterion(model(x[8000:]), y[8000:])
            mon.log(val_loss=val_loss.item())
            print(f"step {step:4d}  loss {loss.item():.4f}  val {val_loss.item():.4f}", flush=True)


if __name__ == "__main__":
    main()
