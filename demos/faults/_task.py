"""What the faulty trainings share: flags, data, a progress line. No fault lives here."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

CLASSES = 6
PIXELS = 64


def arguments(doc: str, steps: int, **choices: tuple[str, ...]) -> argparse.Namespace:
    """Read the flags, seed torch, and keep it to one thread.

    `choices` adds flags with their allowed values, the default first.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--fixed", action="store_true", help="train without the fault")
    for flag, values in choices.items():
        parser.add_argument(f"--{flag}", choices=values, default=values[0])
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    return args


def gratings(count: int = 4000) -> tuple[Tensor, Tensor]:
    """Return noisy 8x8 gratings of random phase, (count, 64), and which of six angles each has."""
    labels = torch.randint(CLASSES, (count,))
    angle = (labels * math.pi / CLASSES)[:, None, None]
    axis = torch.arange(8) - 3.5
    along = angle.cos() * axis[:, None] + angle.sin() * axis
    waves = torch.sin(1.1 * along + 2 * math.pi * torch.rand(count, 1, 1))
    return (waves + 1.2 * torch.randn_like(waves)).flatten(1), labels


def surface(count: int = 4000) -> tuple[Tensor, Tensor]:
    """Return points, (count, 8), and the smooth bumpy surface over them, (count, 1)."""
    points = torch.randn(count, 8)
    bumps = torch.sin(2 * points[:, :1]) + points[:, 1:2] * points[:, 2:3] + 0.5 * points[:, 3:4]
    return points, bumps + 0.1 * torch.randn(count, 1)


def batches(*tensors: Tensor, steps: int, size: int = 32) -> Iterator[tuple[Tensor, ...]]:
    """Yield that many shuffled batches, epoch after epoch."""
    loader = DataLoader(TensorDataset(*tensors), batch_size=size, shuffle=True, drop_last=True)
    for step in range(steps):
        if step % len(loader) == 0:
            epoch = iter(loader)
        yield next(epoch)


def progress(step: int, steps: int, loss: Tensor) -> None:
    """Print the loss ten times a training."""
    if step % max(1, steps // 10) == 0 or step == steps - 1:
        print(f"step {step:4d}  loss {loss.item():.4f}", flush=True)
