"""The sigmoid units of the hidden layers start with a bias of ten, and are stuck at one."""

from __future__ import annotations

import itertools

import torch
from _task import arguments, batches, patients, progress
from torch import nn


def mlp(sizes: list[int], bias: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(sizes[:-1]):
        linear = nn.Linear(fan_in, fan_out)
        nn.init.xavier_uniform_(linear.weight)
        linear.bias.data.fill_(bias)
        layers += [linear, nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = mlp([12, 64, 64, 4], bias=0.0 if args.fixed else 10.0)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(*patients(8000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
