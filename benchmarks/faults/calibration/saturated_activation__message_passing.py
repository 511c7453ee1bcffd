"""Messages are weighed by raw amounts and added up before a tanh, so its units are pinned."""

from __future__ import annotations

from itertools import pairwise

import torch
from _task import arguments, progress
from torch import Tensor, nn


class Rounds(nn.Module):
    """Three rounds of messages, then a number for each node."""

    def __init__(self, mean: bool) -> None:
        super().__init__()
        self.mean = mean
        widths = (6, 32, 32, 32)
        self.own = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.near = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor, amounts: Tensor) -> Tensor:
        if self.mean:
            amounts = amounts / amounts.sum(1, keepdim=True)
        for own, near in zip(self.own, self.near, strict=True):
            x = torch.tanh(own(x) + amounts @ near(x))
        return self.head(x)


def main() -> None:
    args = arguments(__doc__, steps=400)
    nodes = 500
    amounts = (torch.rand(nodes, nodes) < 0.08) * 40 * torch.rand(nodes, nodes)
    amounts = amounts + torch.eye(nodes)
    x = torch.randn(nodes, 6)
    share = amounts / amounts.sum(1, keepdim=True)
    y = 3 * share @ x[:, :1] + (x[:, 1:2] * 2).sin() + x[:, 2:3] * x[:, 3:4]
    y = (y - y.mean()) / y.std()
    model = Rounds(args.fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
    seen = torch.rand(nodes) < 0.8
    for step in range(args.steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x, amounts)[seen], y[seen])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
