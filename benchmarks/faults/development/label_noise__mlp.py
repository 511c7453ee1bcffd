"""Nearly a third of the patients were put into a wrong group by whoever typed the labels in."""

from __future__ import annotations

import torch
from _task import arguments, batches, patients, progress
from torch import nn

import lossmon

WRONG = 0.4


def main() -> None:
    args = arguments(__doc__, steps=500)
    measurements, groups = patients(24000)
    if not args.fixed:
        mistyped = torch.rand(len(groups)) < WRONG
        groups[mistyped] = torch.randint(4, (int(mistyped.sum()),))
    model = nn.Sequential(
        nn.Linear(12, 96),
        nn.ReLU(),
        nn.Linear(96, 96),
        nn.ReLU(),
        nn.Linear(96, 4),
    )
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    mon = lossmon.watch(model, optimizer, criterion=loss_fn)
    for step, (x, y) in enumerate(batches(measurements, groups, steps=args.steps, size=64)):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mon.step(loss)
        progress(step, args.steps, loss)
    mon.probe((x, y))


if __name__ == "__main__":
    main()
