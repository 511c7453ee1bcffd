"""Weights come straight from `torch.randn`: nobody divided them by the root of the fan-in."""

from __future__ import annotations

import itertools

import torch
from _task import arguments, batches, patients, progress
from torch import Tensor, nn


class Scratch(nn.Module):
    def __init__(self, sizes: tuple[int, ...], scaled: bool) -> None:
        super().__init__()
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for fan_in, fan_out in itertools.pairwise(sizes):
            weight = torch.randn(fan_in, fan_out)
            self.weights.append(weight / fan_in**0.5 if scaled else weight)
            self.biases.append(torch.zeros(fan_out))

    def forward(self, x: Tensor) -> Tensor:
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            x = torch.relu(x @ weight + bias)
        return x @ last[0] + last[1]


def main() -> None:
    args = arguments(__doc__, steps=500)
    net = Scratch((12, 128, 128, 4), scaled=args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*patients(8000), steps=args.steps, size=64)):
        loss = criterion(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
