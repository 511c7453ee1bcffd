"""Somebody stacked Linear, Dropout, Linear, Dropout, Linear and forgot that none of them bends.

A head of linear layers alone: Nota-NetsPresso/netspresso-trainer#320.
"""

from __future__ import annotations

import itertools

import torch
from _task import arguments, batches, houses, progress
from torch import nn


def stack(widths: list[int], bend: bool) -> nn.Sequential:
    net = nn.Sequential()
    for i, (a, b) in enumerate(itertools.pairwise(widths[:-1])):
        net.add_module(f"linear{i}", nn.Linear(a, b))
        if bend:
            net.add_module(f"gelu{i}", nn.GELU())
        net.add_module(f"dropout{i}", nn.Dropout(0.05))
    net.add_module("out", nn.Linear(*widths[-2:]))
    return net


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = stack([10, 64, 64, 1], bend=args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(*houses(6000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
