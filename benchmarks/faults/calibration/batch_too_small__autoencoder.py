"""An autoencoder sees a spectrum at a time, by steps with momentum that were made for 64."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=800)
    spectra = torch.tanh(torch.randn(5000, 5) @ torch.randn(5, 32)) + 0.1 * torch.randn(5000, 32)
    model = nn.Sequential(
        nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 6), nn.Linear(6, 64), nn.ReLU(),
        nn.Linear(64, 32),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.04, momentum=0.9)
    size = 64 if args.fixed else 1
    for step, (x,) in enumerate(batches(spectra, steps=args.steps, size=size)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
