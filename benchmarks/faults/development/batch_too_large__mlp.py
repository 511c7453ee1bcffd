"""The whole training set is one batch, so forty epochs are forty steps."""

from __future__ import annotations

import torch
from _task import arguments, batches, patients, progress
from torch import nn

COUNT = 4096


def main() -> None:
    args = arguments(__doc__, steps=40)
    model = nn.Sequential(
        nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    size = 128 if args.fixed else COUNT
    steps = args.steps * (COUNT // size)
    for step, (x, y) in enumerate(batches(*patients(COUNT), steps=steps, size=size)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


if __name__ == "__main__":
    main()
