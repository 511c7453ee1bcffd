"""Further data of the held-out programs: pictures and points that no straight cut tells apart."""

from __future__ import annotations

import torch
from torch import Tensor


def stripes(count: int = 3000, *, classes: int = 4, noise: float = 0.6) -> tuple[Tensor, Tensor]:
    """Return pictures of a stripe, (count, 1, 12, 12), and its direction.

    A stripe is bright or dark, equally often, so the mean picture of every direction is grey.
    """
    grid = torch.arange(12) - 5.5
    labels = torch.randint(classes, (count,))
    angle = (labels * torch.pi / classes)[:, None, None]
    across = angle.cos() * grid + angle.sin() * grid[:, None] - 6 * (torch.rand(count, 1, 1) - 0.5)
    sign = torch.randint(2, (count, 1, 1)) * 2.0 - 1
    pictures = 3 * sign * (-(across**2)).exp() + noise * torch.randn(count, 12, 12)
    return pictures[:, None] / pictures.std(), labels


def rings(count: int = 3000, *, classes: int = 3) -> tuple[Tensor, Tensor]:
    """Return points on rings around the origin, (count, 2), and the ring of each."""
    labels = torch.randint(classes, (count,))
    radius = 0.6 + 0.7 * labels + 0.12 * torch.randn(count)
    angle = 2 * torch.pi * torch.rand(count)
    return torch.stack((radius * angle.cos(), radius * angle.sin()), 1), labels


def sensors(count: int = 6000, *, width: int = 300) -> tuple[Tensor, Tensor]:
    """Return standardised readings, (count, width), and what eight of them say, (count, 1).

    As much of the target is noise as is signal: the best mean squared error is 1, of a constant 2.
    """
    x = torch.randn(count, width)
    return x, x[:, :8].sum(1, keepdim=True) / 8**0.5 + torch.randn(count, 1)


def sums(count: int = 3000, *, length: int = 40) -> tuple[Tensor, Tensor]:
    """Return numbers with marks, (count, length, 2), and the sum of the two marked, (count, 1)."""
    numbers = torch.rand(count, length) * 2 - 1
    half = length // 2
    marks = torch.zeros(count, length)
    marks[torch.arange(count), torch.randint(half, (count,))] = 1.0
    marks[torch.arange(count), half + torch.randint(half, (count,))] = 1.0
    return torch.stack((numbers, marks), 2), (numbers * marks).sum(1, keepdim=True)
