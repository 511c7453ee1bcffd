"""A small network learns from a large one that is in no optimizer, and is not meant to be."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, arms, batches, progress
from torch import nn


def build(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 3)
    )


def main() -> None:
    args = arguments(__doc__, steps=500)
    data = arms()
    teacher, student = build(128), build(32)
    optimizer = torch.optim.Adam(teacher.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*data, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.cross_entropy(teacher(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
    optimizer = torch.optim.Adam(student.parameters(), lr=3e-3)
    for step, (x, _) in enumerate(batches(*data, steps=args.steps)):
        with torch.no_grad():
            wanted = teacher(x).softmax(1)
        optimizer.zero_grad()
        loss = F.kl_div(student(x).log_softmax(1), wanted, reduction="batchmean")
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
