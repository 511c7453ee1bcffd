"""One linear layer from zeros: a convex problem, where zeros are as good a start as any."""

from __future__ import annotations

import torch
from _task import arguments, batches, blobs, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = nn.Linear(20, 5)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for step, (x, y) in enumerate(batches(*blobs(spread=2.0), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
