"""An autoencoder is converted to bfloat16 for a small machine, weights and all."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


def waves(count: int) -> Tensor:
    """Return sums of two sines of random phase, (count, 48)."""
    axis = torch.arange(48) / 48 * 6.28
    phases = 6.28 * torch.rand(2, count, 1)
    return torch.sin(axis + phases[0]) + torch.sin(2 * axis + phases[1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    signals = waves(2000)
    model = nn.Sequential(
        nn.Linear(48, 64), nn.Tanh(), nn.Linear(64, 6), nn.Linear(6, 64), nn.Tanh(),
        nn.Linear(64, 48),
    )  # fmt: skip
    if not args.fixed:
        model, signals = model.to(torch.bfloat16), signals.to(torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
    for step, (x,) in enumerate(batches(signals, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x).float(), x.float())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
