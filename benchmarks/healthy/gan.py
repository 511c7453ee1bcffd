"""A small GAN: two models, two optimizers, and two losses of which neither should fall."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, arms, batches, progress
from torch import nn


def build(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
        nn.Linear(64, outputs),
    )  # fmt: skip


def main() -> None:
    args = arguments(__doc__, steps=600)
    real, _ = arms()
    painter, critic = build(8, 2), build(2, 1)
    paint = torch.optim.Adam(painter.parameters(), lr=1e-3, betas=(0.5, 0.9))
    judge = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    for step, (x,) in enumerate(batches(real, steps=args.steps, size=64)):
        fake = painter(torch.randn(64, 8))
        judge.zero_grad()
        doubt = F.softplus(-critic(x)).mean() + F.softplus(critic(fake.detach())).mean()
        doubt.backward()
        judge.step()
        paint.zero_grad()
        loss = F.softplus(-critic(fake)).mean()
        loss.backward()
        paint.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
