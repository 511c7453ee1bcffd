"""What the healthy trainings share: flags, data, a progress line."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


def arguments(doc: str, steps: int) -> argparse.Namespace:
    """Read the flags, seed torch, and keep it to one thread."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    return args


def arms(count: int = 3000, *, classes: int = 3) -> tuple[Tensor, Tensor]:
    """Return noisy points on the arms of a spiral, (count, 2), and the arm of each."""
    labels = torch.randint(classes, (count,))
    radius = torch.rand(count)
    angle = 2 * math.pi * labels / classes + 3 * radius + 0.2 * torch.randn(count)
    return torch.stack((radius * angle.cos(), radius * angle.sin()), 1) * 2, labels


def blobs(count: int = 3000, *, classes: int = 5, spread: float = 1.0) -> tuple[Tensor, Tensor]:
    """Return points around one centre for each class, (count, 20), and the class of each."""
    centres = torch.randn(classes, 20)
    labels = torch.randint(classes, (count,))
    return centres[labels] + spread * torch.randn(count, 20), labels


def curve(count: int = 3000, *, noise: float = 0.1) -> tuple[Tensor, Tensor]:
    """Return points, (count, 4), and a smooth function of them with noise, (count, 1)."""
    x = torch.rand(count, 4) * 4 - 2
    y = torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3]
    return x, y + noise * torch.randn(count, 1)


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
