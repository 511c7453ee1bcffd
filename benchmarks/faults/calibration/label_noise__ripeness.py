"""Fruit is ripe above a firmness, which was read off a scale that drifts: a third are wrong."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def fruit(count: int) -> tuple[Tensor, Tensor]:
    """Return spectra of thirty bands, and how firm the fruit is."""
    firm = torch.rand(count)
    bands = torch.linspace(0, 1, 30)
    peak = torch.exp(-((bands - 0.2 - 0.6 * firm[:, None]) ** 2) / 0.02)
    return peak + 0.25 * torch.randn(count, 30), firm


def main() -> None:
    args = arguments(__doc__, steps=700)
    spectra, firm = fruit(1800)
    drift = (0.0 if args.fixed else 0.45) * torch.randn(len(firm))
    ripe = (firm + drift > 0.5).float()
    model = nn.Sequential(
        nn.Linear(30, 256), nn.GELU(), nn.Linear(256, 128), nn.GELU(), nn.Linear(128, 1),
        nn.Flatten(0),
    )  # fmt: skip
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(spectra, ripe, steps=args.steps, size=45)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
