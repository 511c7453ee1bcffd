"""Features of two pictures a batch are batch-normalised: each comes out as plus or minus one."""

from __future__ import annotations

import torch
from _task import arguments, images, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


class ConvNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.norm = nn.BatchNorm1d(32)
        self.fc = nn.Linear(32, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(torch.relu(self.conv1(x)))
        x = torch.relu(self.conv2(x)).amax((2, 3))
        return self.fc(self.norm(x))


def main() -> None:
    args = arguments(__doc__, steps=500)
    loader = DataLoader(
        TensorDataset(*images()), batch_size=32 if args.fixed else 2, shuffle=True, drop_last=True
    )
    model = ConvNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    step = 0
    while step < args.steps:
        for pictures, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(pictures), labels)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break


if __name__ == "__main__":
    main()
