"""Gradients with a norm of about one are clipped to a norm of 0.001 before every step of SGD.

A clip far below the usual norm is asked about in facebookresearch/detr#198.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, images, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 8),
    )
    max_norm = 5.0 if args.fixed else 0.001
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    for step, (x, y) in enumerate(batches(*images(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
