"""The whole model is turned into bfloat16, weights included, to save memory.

Steps of the usual size are less than half of what tells one bfloat16 weight from the next, so they
are rounded away.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    if not args.fixed:
        model = model.to(torch.bfloat16)  # the fault
        images = images.to(torch.bfloat16)

    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=args.fixed):
            scores = model(x)
        loss = criterion(scores.float(), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
