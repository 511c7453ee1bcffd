"""Twelve sigmoid layers in a row: each passes on less than a quarter of the gradient it gets."""

from __future__ import annotations

import itertools

import torch
from _task import arguments, batches, patients, progress
from torch import Tensor, nn


class DeepNet(nn.Module):
    def __init__(self, depth: int, relu: bool) -> None:
        super().__init__()
        widths = [12] + [48] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(widths))
        self.out = nn.Linear(48, 4)
        self.act = nn.ReLU() if relu else nn.Sigmoid()
        for layer in self.hidden:
            if relu:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            else:
                nn.init.xavier_normal_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.hidden:
            x = self.act(layer(x))
        return self.out(x)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = DeepNet(depth=12, relu=args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step, (x, y) in enumerate(batches(*patients(6000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
