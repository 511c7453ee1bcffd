"""Ten convolutions with a sigmoid behind each, and no shortcut and no normalisation between."""

from __future__ import annotations

import torch
from _task import arguments, images, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def block(channels: int, sigmoid: bool) -> nn.Sequential:
    conv = nn.Conv2d(channels, channels, 3, padding=1)
    if sigmoid:
        return nn.Sequential(conv, nn.Sigmoid())
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU())


def make_model(sigmoid: bool) -> nn.Sequential:
    layers = [nn.Conv2d(1, 12, 3, stride=2, padding=1)]
    layers += [block(12, sigmoid) for _ in range(9)]
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(12, 8))


def main() -> None:
    args = arguments(__doc__, steps=300)
    loader = DataLoader(TensorDataset(*images()), batch_size=32, shuffle=True, drop_last=True)
    model = make_model(sigmoid=not args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    step = 0
    while step < args.steps:
        for inputs, labels in loader:
            if step == args.steps:
                break
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1


if __name__ == "__main__":
    main()
