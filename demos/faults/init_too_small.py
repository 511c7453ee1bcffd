"""Every weight of a deep network is drawn with a standard deviation of 0.01.

Of what varies between images a thirteenth gets through a layer of 64 units. Fixed: He's
initialisation, which keeps the scale.
"""

from __future__ import annotations

from functools import partial

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def init_weights(module: nn.Module, *, fixed: bool) -> None:
    if isinstance(module, nn.Linear):
        if fixed:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        else:
            nn.init.normal_(module.weight, std=0.01)  # the fault
        nn.init.zeros_(module.bias)


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(),
        nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, CLASSES),
    )  # fmt: skip
    model.apply(partial(init_weights, fixed=args.fixed))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
