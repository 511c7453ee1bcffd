"""The embedding has one optimizer, the rest another: each misses parameters, both together none."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    words = torch.randint(200, (5000, 12))
    mood = torch.randn(200)
    labels = (mood[words].sum(1) > 0).long()
    model = nn.Sequential(
        nn.Embedding(200, 16), nn.Flatten(), nn.Linear(192, 64), nn.ReLU(), nn.Linear(64, 2)
    )
    criterion = nn.CrossEntropyLoss()
    first = torch.optim.Adam(model[0].parameters(), lr=1e-2)
    second = torch.optim.SGD(model[2:].parameters(), lr=0.05, momentum=0.9)
    for step, (x, y) in enumerate(batches(words, labels, steps=args.steps)):
        model.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        first.step()
        second.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
