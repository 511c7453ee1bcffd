"""All but the head is frozen, as for fine-tuning, and there is no checkpoint to fine-tune.

The trunk stays at its random start; the head makes what it can of random features.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import Tensor, nn


class Classifier(nn.Module):
    """A trunk, then a head."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32)
        )
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.trunk(x)))


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = gratings()
    model = Classifier()
    if not args.fixed:
        for parameter in model.trunk.parameters():  # the fault: nothing was loaded before
            parameter.requires_grad_(False)

    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
