"""Fault: an autoencoder of standardised images ends with Sigmoid, which returns 0 to 1."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FACTORS, CODE = 3, 8


def pictures(count: int = 2500) -> Tensor:
    """Return images of 100 pixels that depend on few numbers, each pixel of mean 0 and std 1."""
    images = torch.tanh(torch.randn(count, FACTORS) @ torch.randn(FACTORS, 100))
    return (images - images.mean(0)) / images.std(0)


def main() -> None:
    args = arguments(__doc__, steps=400)
    images = pictures()
    encoder = nn.Sequential(nn.Linear(100, 64), nn.ReLU(), nn.Linear(64, CODE))
    decoder = nn.Sequential(nn.Linear(CODE, 64), nn.ReLU(), nn.Linear(64, 100))
    if not args.fixed:
        decoder.append(nn.Sigmoid())
    model = nn.Sequential(encoder, decoder)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x,) in enumerate(batches(images, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
