"""The learning rate is halved with every second pass: so does what noise of steps costs."""

from __future__ import annotations

import torch
from _task import arguments, blobs, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=600)
    loader = DataLoader(TensorDataset(*blobs(3000, spread=2.0)), 50, shuffle=True)
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
        schedule.step()


if __name__ == "__main__":
    main()
