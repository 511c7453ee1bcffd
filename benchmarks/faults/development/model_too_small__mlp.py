"""A single hidden unit has to tell rings apart, which one bend in the plane cannot do."""

from __future__ import annotations

import torch
from _data import rings
from _task import arguments, batches, progress
from torch import nn

import lossmon


def main() -> None:
    args = arguments(__doc__, steps=600)
    hidden = 48 if args.fixed else 1
    model = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 3))
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    mon = lossmon.watch(model, optimizer, criterion=loss_fn)
    for step, (x, y) in enumerate(batches(*rings(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        mon.step(loss)
        progress(step, args.steps, loss)
    mon.probe((x, y))


if __name__ == "__main__":
    main()
