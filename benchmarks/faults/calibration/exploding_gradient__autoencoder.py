"""An autoencoder of fifteen layers, each of which doubles what it is given, and nothing scales."""

from __future__ import annotations

from itertools import pairwise

import torch
from _task import arguments, batches, progress
from torch import nn


def model(layers: int, gain: float) -> nn.Module:
    sizes = [24] + [40] * layers + [24]
    made: list[nn.Module] = []
    for inner, outer in pairwise(sizes):
        made += [nn.Linear(inner, outer), nn.ELU()]
        nn.init.normal_(made[-2].weight, std=gain / inner**0.5)
    return nn.Sequential(*made[:-1])


def main() -> None:
    args = arguments(__doc__, steps=300)
    x = torch.randn(3000, 6) @ torch.randn(6, 24) / 6**0.5
    net = model(14, 1.0 if args.fixed else 2.5)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for step, (batch,) in enumerate(batches(x, steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(batch), batch)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
