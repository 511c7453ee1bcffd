"""SGD gets the learning rate of an Adam recipe, divided by ten once more to be safe: 0.00003."""

from __future__ import annotations

import torch
from _task import arguments, images, progress
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


class SmallNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.pool = nn.MaxPool2d(2)
        self.bn = nn.BatchNorm2d(16)
        self.fc = nn.Linear(32, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(torch.relu(self.bn(self.conv1(x))))
        x = torch.relu(self.conv2(x))
        return self.fc(x.amax(dim=(2, 3)))


def main() -> None:
    args = arguments(__doc__, steps=400)
    loader = DataLoader(TensorDataset(*images()), batch_size=32, shuffle=True, drop_last=True)
    net = SmallNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.05 if args.fixed else 3e-5, momentum=0.9)
    batch = iter(loader)
    for step in range(args.steps):
        try:
            inputs, labels = next(batch)
        except StopIteration:
            batch = iter(loader)
            inputs, labels = next(batch)
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
