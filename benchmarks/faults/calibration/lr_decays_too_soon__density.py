"""The schedule counts the epochs of an earlier data set: a tenth of these, and then it holds."""

from __future__ import annotations

import math

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Mixture(nn.Module):
    """Four bells whose heights, places and widths depend on the input."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 12))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        heights, places, widths = self.body(x).chunk(3, 1)
        bells = -0.5 * ((y - places) / widths.exp()).square() - widths
        bells = bells - 0.5 * math.log(2 * math.pi)
        return -(heights.log_softmax(1) + bells).logsumexp(1).mean()


def main() -> None:
    args = arguments(__doc__, steps=500)
    x = torch.rand(4000, 4) * 2 - 1
    sign = torch.randn(4000, 1).sign()
    y = sign * (0.5 + 1.5 * x[:, :1].square() + x[:, 1:2]) + 0.1 * torch.randn(4000, 1)
    model = Mixture()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
    length = args.steps if args.fixed else args.steps // 10
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: max(1e-3, 0.5 + 0.5 * math.cos(math.pi * min(1, step / length)))
    )
    for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps, size=48)):
        loss = model(inputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
