"""Half of the target is noise that nobody can predict: the loss settles there, and is done."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=900)
    x = torch.randn(20000, 10)
    y = x @ torch.randn(10, 1) / 10**0.5 + torch.randn(20000, 1)
    model = nn.Linear(10, 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for step, batch in enumerate(batches(x, y, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
