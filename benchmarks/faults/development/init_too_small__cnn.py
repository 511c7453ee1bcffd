"""A deep stack of convolutions starts from a standard deviation of 0.01: nothing gets through."""

from __future__ import annotations

import torch
from _task import arguments, batches, images, progress
from torch import nn


def conv(inputs: int, outputs: int, *, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.ReLU()]


def main() -> None:
    args = arguments(__doc__, steps=300)
    net = nn.Sequential(
        *conv(1, 16),
        *conv(16, 16),
        *conv(16, 32, stride=2),
        *conv(32, 32),
        *conv(32, 32),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 8),
    )
    for m in net.modules():
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            if args.fixed:
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            else:
                nn.init.normal_(m.weight, std=0.01)
            nn.init.zeros_(m.bias)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    for step, (x, y) in enumerate(batches(*images(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
