"""A table that is sorted by its price column, and read from top to bottom in every epoch."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=600)
    rooms = torch.randn(1600, 6)
    price = torch.sin(rooms[:, :1]) + rooms[:, 1:2] * rooms[:, 2:3] + 0.3 * torch.randn(1600, 1)
    price = (price - price.mean()) / price.std()
    rows = price[:, 0].argsort()
    table = TensorDataset(rooms[rows], price[rows])
    loader = DataLoader(table, batch_size=32, shuffle=args.fixed)
    model = nn.Sequential(
        nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1


if __name__ == "__main__":
    main()
