"""A warm-up divides by an integer division: its factor is 0 until the warm-up is over.

`--how decay`: a linear decay is told its length in epochs and steps once a batch, so that it has
come down to 0 when training has hardly begun.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn

WARM_UP = 1000
EPOCHS = 5


def main() -> None:
    args = arguments(__doc__, steps=500, how=("warm-up", "decay"))
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

    def factor(step: int) -> float:
        if args.how == "decay":
            return max(0.0, 1 - step / (args.steps if args.fixed else EPOCHS))
        if args.fixed:
            return min(1.0, (step + 1) / WARM_UP)
        return min(1.0, step // WARM_UP)  # the fault: one slash too many

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
