"""A schedule meant for epochs is stepped with every batch, so that it ends in the first one."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, gratings, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=600)
    loader = DataLoader(TensorDataset(*gratings()), batch_size=32, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if not args.fixed:
                schedule.step()  # the fault
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                return
        if args.fixed:
            schedule.step()


if __name__ == "__main__":
    main()
