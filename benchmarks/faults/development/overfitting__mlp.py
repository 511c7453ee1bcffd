"""A wide network learns 96 patients by heart, and the held-out patients pay for it."""

from __future__ import annotations

import torch
from _task import arguments, batches, patients
from torch import nn

import lossmon

EVERY = 20


def main() -> None:
    args = arguments(__doc__, steps=500)
    x, y = patients(11000)
    x_val, y_val = x[10000:], y[10000:]
    few = 10000 if args.fixed else 96
    model = nn.Sequential(
        nn.Linear(12, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 4)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    mon = lossmon.watch(model, optimizer, criterion=criterion)
    for step, (xb, yb) in enumerate(batches(x[:few], y[:few], steps=args.steps)):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        mon.step(loss)
        if step % EVERY == EVERY - 1:
            model.eval()
            with torch.no_grad():
                val_loss = criterion(model(x_val), y_val).item()
            mon.log(val_loss=val_loss)
            print(f"step {step:4d}  train {loss.item():.4f}  val {val_loss:.4f}", flush=True)


if __name__ == "__main__":
    main()
