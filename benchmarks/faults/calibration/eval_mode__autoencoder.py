"""An autoencoder with batch norm is put into eval mode to make its results reproducible."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    hidden = torch.randn(2000, 4)
    readings = torch.tanh(hidden @ torch.randn(4, 30)) * 50 + 200 * torch.rand(30)
    model = nn.Sequential(
        nn.BatchNorm1d(30, affine=True), nn.Linear(30, 64), nn.BatchNorm1d(64), nn.ReLU(),
        nn.Linear(64, 4), nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 30),
    )  # fmt: skip
    model.train(args.fixed)
    scale, shift = readings.std(0), readings.mean(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (x,) in enumerate(batches(readings, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), (x - shift) / scale)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
