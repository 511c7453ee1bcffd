"""The pictures were labelled by a careless crowd: four of ten labels are drawn at random."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, images, progress
from torch import Tensor, nn

import lossmon


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc = nn.Linear(32, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        return self.fc(x.amax((2, 3)))


def crowd(labels: Tensor) -> Tensor:
    """Return the labels as the crowd gave them."""
    careless = torch.rand(len(labels)) < 0.4
    return torch.where(careless, torch.randint(8, labels.shape), labels)


def main() -> None:
    args = arguments(__doc__, steps=500)
    pictures, labels = images(16000)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    loss_fn = nn.CrossEntropyLoss()
    mon = lossmon.watch(model, optimizer, criterion=loss_fn)
    labels = labels if args.fixed else crowd(labels)
    for step, (x, y) in enumerate(batches(pictures, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        mon.step(loss)
        progress(step, args.steps, loss)
    mon.probe((x, y))


if __name__ == "__main__":
    main()
