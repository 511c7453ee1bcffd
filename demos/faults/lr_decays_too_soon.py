"""A schedule meant for epochs is stepped with every batch, so that it ends in the first ones."""

from __future__ import annotations

import torch
from _task import arguments, progress, surface
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=600)
    loader = DataLoader(TensorDataset(*surface()), batch_size=64, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.97)
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
