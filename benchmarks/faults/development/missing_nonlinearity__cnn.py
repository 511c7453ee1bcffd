"""The activations between convolutions were left out: bright and dark stripes cancel out."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _data import stripes
from _task import arguments, batches, progress
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self, relu: bool) -> None:
        super().__init__()
        self.relu = relu
        self.conv1 = nn.Conv2d(1, 16, 5, padding=2)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, stride=2, padding=1)
        self.fc = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        for conv in (self.conv1, self.conv2, self.conv3):
            x = conv(x)
            if self.relu:
                x = F.relu(x)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Net(relu=args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*stripes(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
