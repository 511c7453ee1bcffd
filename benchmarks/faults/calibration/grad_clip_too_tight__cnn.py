"""Gradient clipping too tight: scaled gradients are clipped before they are unscaled.

With `clip_grad_norm_` before `scaler.unscale_` a limit of 1 is one of 1/65536 for the step. Fixed:
unscaled first, as the AMP examples in PyTorch's documentation do it.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def stripes(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return noisy 12x12 images of stripes, and which of four directions each has."""
    labels = torch.randint(4, (count,))
    angle = (labels * torch.pi / 4)[:, None, None]
    axis = torch.arange(12.0)
    along = angle.cos() * axis[:, None] + angle.sin() * axis
    waves = torch.sin(1.2 * along + 2 * torch.pi * torch.rand(count, 1, 1))
    return (waves + 0.5 * torch.randn_like(waves))[:, None], labels


def main() -> None:
    args = arguments(__doc__, steps=250)
    images, labels = stripes()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(32, 4),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu")
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        with torch.autocast("cpu"):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        if args.fixed:
            scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
