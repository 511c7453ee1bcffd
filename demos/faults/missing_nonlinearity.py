"""Three linear layers in a row, and the activations between them forgotten."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import Tensor, nn


class Network(nn.Module):
    def __init__(self, activated: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(PIXELS, 64), nn.Linear(64, 64)
        self.last = nn.Linear(64, CLASSES)
        self.activated = activated

    def forward(self, x: Tensor) -> Tensor:
        if self.activated:
            x = F.relu(self.second(F.relu(self.first(x))))
        else:
            x = self.second(self.first(x))  # the fault
        return self.last(x)


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = Network(args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(*gratings(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
