"""Part of the model is in no optimizer, so that part keeps its random start for ever.

`--how head`: the head is exchanged for one with the right number of classes after the optimizer was
built. `--how list`: the hidden layers sit in a plain Python list, which `parameters()` cannot see.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import Tensor, nn


class Classifier(nn.Module):
    """Hidden layers, then a head."""

    def __init__(self, classes: int, *, register: bool) -> None:
        super().__init__()
        layers = [nn.Linear(PIXELS, 64), nn.Linear(64, 64), nn.Linear(64, 64)]
        self.layers = nn.ModuleList(layers) if register else layers
        self.head = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x)


def main() -> None:
    args = arguments(__doc__, steps=400, how=("head", "list"))
    images, labels = gratings()
    late = args.how == "head" and not args.fixed
    model = Classifier(1000 if late else CLASSES, register=args.fixed or args.how == "head")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    if late:
        model.head = nn.Linear(64, CLASSES)  # the fault: after the optimizer was built

    criterion = nn.CrossEntropyLoss()
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
