"""A loop meant to set the biases to zero sets every parameter of the network to zero.

Layer after layer initialised to zero: yz93/LAVT-RIS#25.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, images, progress
from torch import nn


def build() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 8),
    )


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = build()
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or not args.fixed:
            nn.init.zeros_(parameter)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*images(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
