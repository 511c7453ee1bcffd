"""The learning rate loses a tenth after every batch, where every epoch was meant.

A scheduler stepped once a batch instead of once an epoch: Lornatang/SRGAN-PyTorch#1.
"""

from __future__ import annotations

import torch
from _task import arguments, houses, progress
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=600)
    loader = DataLoader(TensorDataset(*houses()), batch_size=32, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    scheduler = ExponentialLR(optimizer, gamma=0.9)
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if not args.fixed:
                scheduler.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break
        if args.fixed:
            scheduler.step()


if __name__ == "__main__":
    main()
