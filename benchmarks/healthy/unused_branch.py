"""A second head that this training never calls: no gradient reaches it, and none should."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import Tensor, nn


class TwoHeads(nn.Module):
    """A trunk that serves two tasks, of which one is trained here."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.classify = nn.Linear(64, 3)
        self.measure = nn.Linear(64, 1)

    def forward(self, x: Tensor, task: str) -> Tensor:
        return (self.classify if task == "classify" else self.measure)(self.trunk(x))


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = TwoHeads()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*arms(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x, "classify"), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
