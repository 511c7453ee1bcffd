"""A Wasserstein GAN: five clipped critic steps to each step of the generator."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import nn

CRITIC_STEPS = 5


def build(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, outputs)
    )


def main() -> None:
    args = arguments(__doc__, steps=1500)
    real, _ = arms()
    painter, critic = build(8, 2), build(2, 1)
    paint = torch.optim.RMSprop(painter.parameters(), lr=2e-4)
    judge = torch.optim.RMSprop(critic.parameters(), lr=2e-4)
    for step, (x,) in enumerate(batches(real, steps=args.steps, size=64)):
        judge.zero_grad()
        gap = critic(painter(torch.randn(64, 8)).detach()).mean() - critic(x).mean()
        gap.backward()
        judge.step()
        with torch.no_grad():
            for parameter in critic.parameters():
                parameter.clamp_(-0.1, 0.1)
        if step % CRITIC_STEPS == CRITIC_STEPS - 1:
            paint.zero_grad()
            (-critic(painter(torch.randn(64, 8))).mean()).backward()
            paint.step()
        progress(step, args.steps, gap)


if __name__ == "__main__":
    main()
