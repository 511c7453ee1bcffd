"""Four linear layers without an activation are one linear layer, and rings are not linear.

An MLP without its activations: YujiaBao/ls#1.
"""

from __future__ import annotations

import torch
from _data import rings
from _task import arguments, batches, progress
from torch import Tensor, nn


class Network(nn.Module):
    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.input = nn.Linear(2, 32)
        self.hidden1 = nn.Linear(32, 32)
        self.hidden2 = nn.Linear(32, 32)
        self.output = nn.Linear(32, 3)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.input(x))
        x = self.activation(self.hidden1(x))
        x = self.activation(self.hidden2(x))
        return self.output(x)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Network(nn.ReLU() if args.fixed else nn.Identity())
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(*rings(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
