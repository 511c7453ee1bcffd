"""A hand-written binary cross-entropy takes the logarithm of a probability that rounds to zero.

All goes well until one prediction is so sure that `1 - sigmoid(z)` is 0: then 0 * log(0) is NaN,
and one step later so is every weight. The built-in loss works on the logits and needs no log of 0.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import PIXELS, arguments, batches, gratings, progress
from torch import Tensor, nn


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the textbook formula's value, for better or worse."""
    p = torch.sigmoid(logits)
    return -(targets * torch.log(p) + (1 - targets) * torch.log(1 - p)).mean()  # the fault


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, angles = gratings()
    upright = (angles < 3).float()[:, None]
    model = nn.Sequential(
        nn.Linear(PIXELS, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)
    )
    criterion = F.binary_cross_entropy_with_logits if args.fixed else cross_entropy
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(images, upright, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
