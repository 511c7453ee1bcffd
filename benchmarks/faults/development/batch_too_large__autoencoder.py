"""Half of the curves go into every batch because memory allows it: two steps an epoch."""

from __future__ import annotations

import torch
from _task import arguments, profiles, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

STEPS_AN_EPOCH = 2


def main() -> None:
    args = arguments(__doc__, steps=40)
    curves = profiles(4000)
    size = 50 if args.fixed else len(curves) // STEPS_AN_EPOCH
    loader = DataLoader(TensorDataset(curves), batch_size=size, shuffle=True)
    encoder = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 8))
    decoder = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 32))
    model = nn.Sequential(encoder, decoder)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    loss_fn = nn.MSELoss()
    epochs = args.steps // STEPS_AN_EPOCH
    for epoch in range(epochs):
        for i, (x,) in enumerate(loader):
            loss = loss_fn(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            progress(epoch * len(loader) + i, epochs * len(loader), loss)


if __name__ == "__main__":
    main()
