"""Convolutions with batch norm, by SGD with momentum, at a rate of 1.5: the loss overflows."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def waves(count: int = 2000) -> Tensor:
    """Return signals of two waves and a step, (count, 1, 64)."""
    at = torch.linspace(0, 1, 64)
    phase, pace = torch.rand(2, count, 2, 1) * 6, 2 + 20 * torch.rand(count, 2, 1)
    made = torch.sin(pace * at + phase[0]).sum(1)
    return (made + (at > torch.rand(count, 1)).float())[:, None]


def model() -> nn.Module:
    layers: list[nn.Module] = []
    for inner, outer in ((1, 12), (12, 24), (24, 24)):
        layers += [nn.Conv1d(inner, outer, 5, 2, 2), nn.BatchNorm1d(outer), nn.ReLU()]
    for inner, outer in ((24, 24), (24, 12)):
        layers += [nn.ConvTranspose1d(inner, outer, 4, 2, 1), nn.BatchNorm1d(outer), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose1d(12, 1, 4, 2, 1))


def main() -> None:
    args = arguments(__doc__, steps=300)
    net, criterion = model(), nn.MSELoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05 if args.fixed else 1.5, momentum=0.9)
    for step, (x,) in enumerate(batches(waves(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(net(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
