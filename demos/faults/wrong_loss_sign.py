"""nll_loss is given raw scores instead of log-probabilities, and falls for ever.

`--how minus`: the loss has a minus sign, as a score that is to be maximised would have.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=500, how=("scores", "minus"))
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        scores = model(x)
        if args.fixed:
            loss = F.nll_loss(scores.log_softmax(1), y)
        elif args.how == "minus":
            loss = -F.cross_entropy(scores, y)  # the fault
        else:
            loss = F.nll_loss(scores, y)  # the fault
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
