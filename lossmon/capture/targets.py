"""Running statistics of the targets, for the loss of the best constant prediction.

Pooled over all batches seen, on the device: one batch's own entropy is far too low (at batch 8 of
10 classes 1.64 against 2.30). In host memory the arithmetic is numpy's: of a small model torch's
calls cost five times as much.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

MAX_OUTPUTS = 16_384
"""Above this many outputs per example their means are not kept apart."""
KEPT_ROWS = 1024
KEPT_OUTPUTS = 64
"""Targets that are kept as they are, for losses whose best constant no moment tells."""
RENEWED_EVERY = 16
"""After so many batches the loss of the best constant is computed anew from the kept targets."""
_ITERATIONS = 8


def summing_dtype(device: torch.device) -> torch.dtype:
    """Return the type for sums over a whole run; other accelerators than CUDA lack float64."""
    return torch.float64 if device.type in ("cpu", "cuda") else torch.float32


class ClassCounts:
    """Counts of class indices, or sums of class shares, and the entropy of what they make."""

    def __init__(self, classes: int, device: torch.device) -> None:
        # One place more than classes, for the targets that do not count.
        self._seen = torch.zeros(classes + 1, device=device, dtype=summing_dtype(device))
        self._host: Any = self._seen.numpy() if device.type == "cpu" else None
        self._weight: Tensor | None = None
        self._examples: int | None = None

    def matches(self, classes: int, device: torch.device) -> bool:
        """Return whether these counts can take targets of `classes` classes on `device`."""
        return self._seen.shape[0] == classes + 1 and self._seen.device == device

    def add(self, target: Tensor, *, weight: Tensor | None, ignored: int) -> None:
        """Add class indices of any shape that the criterion accepted; `ignored` does not count."""
        self._weight = None if weight is None else weight.detach().reshape(-1)
        last = self._seen.shape[0] - 1
        flat = target.detach().reshape(-1)
        if self._host is not None:
            places = np.where(flat.numpy() == ignored, last, flat.numpy())
            self._host += np.bincount(places, minlength=last + 1)
            return
        index = flat.masked_fill(flat == ignored, last)
        ones = torch.ones(index.shape, device=index.device, dtype=self._seen.dtype)
        self._seen.index_add_(0, index, ones)

    def add_shares(self, target: Tensor, *, weight: Tensor | None) -> None:
        """Add targets of shape (examples, classes) that give each class a share."""
        self._weight = None if weight is None else weight.detach().reshape(-1)
        self._examples = (self._examples or 0) + target.shape[0]
        self._seen[:-1] += target.detach().sum(0)

    def prior_loss(self) -> Tensor | float:
        """Return the cross-entropy of the best constant prediction, in nats.

        For class indices that is the entropy of their shares, weighted as the criterion does.
        """
        counts = self._seen[:-1] if self._weight is None else self._seen[:-1] * self._weight
        if self._host is not None:
            return entropy_of(counts.numpy(), self._examples)
        total = counts.sum()
        entropy: Tensor = torch.special.entr(counts / total).sum()
        return entropy if self._examples is None else entropy * total / self._examples

    @property
    def seen(self) -> Tensor | float:
        """Number of targets counted."""
        if self._examples is not None:
            return float(self._examples)
        return float(self._host[:-1].sum()) if self._host is not None else self._seen[:-1].sum()


def entropy_of(counts: Any, examples: int | None = None) -> float:
    """Return the entropy of the shares that non-negative numpy counts make; NaN for no counts.

    With `examples` the counts are sums over so many: then times their mean sum.
    """
    total = float(counts.sum())
    shares = counts[counts > 0] / total if total > 0 else counts[:0]
    if not len(shares):
        return float("nan")
    entropy = float(-(shares * np.log(shares)).sum())
    return entropy if examples is None else entropy * total / examples


class Moments:
    """Mean and variance of every output's targets (Chan et al. 1979, eq. 2.1: pairwise update)."""

    def __init__(self, outputs: int, device: torch.device) -> None:
        dtype = summing_dtype(device)
        self._mean = torch.zeros(outputs, dtype=dtype, device=device)
        self._m2 = torch.zeros(outputs, dtype=dtype, device=device)
        self._examples = 0

    def matches(self, outputs: int, device: torch.device) -> bool:
        """Return whether these moments can take targets of `outputs` outputs on `device`."""
        return self._mean.shape[0] == outputs and self._mean.device == device

    def add(self, target: Tensor) -> None:
        """Add targets of shape (examples, outputs)."""
        batch = target.detach().to(self._mean.dtype)
        n = batch.shape[0]
        mean = batch.mean(0)
        gap = mean - self._mean
        total = self._examples + n
        self._m2 += (batch - mean).square().sum(0) + gap.square() * (self._examples * n / total)
        self._mean += gap * (n / total)
        self._examples = total

    @property
    def mean(self) -> Tensor:
        """Mean of every output."""
        return self._mean

    @property
    def variances(self) -> Tensor:
        """Variance of every output."""
        return self._m2 / max(1, self._examples)

    def variance(self) -> Tensor:
        """Return the mean over outputs of their variance: the error of predicting the mean."""
        return self.variances.mean()

    def binary_entropy(self) -> Tensor:
        """Return the mean over outputs of the entropy of a coin with their mean, in nats."""
        p = self._mean.clamp(0, 1)
        entropy: Tensor = (torch.special.entr(p) + torch.special.entr(1 - p)).mean()
        return entropy

    @property
    def seen(self) -> float:
        """Number of target values added."""
        return float(self._examples * self._mean.shape[0])


class KeptTargets:
    """The newest targets as they are, some rows of each batch: for absolute and Huber losses."""

    def __init__(self, outputs: int, device: torch.device) -> None:
        self._stride = -(-outputs // KEPT_OUTPUTS)
        kept = -(-outputs // self._stride)
        self._rows = torch.zeros(KEPT_ROWS, kept, device=device)
        self._next = self._filled = self._batches = 0
        self._prior: Tensor | None = None

    def matches(self, outputs: int, device: torch.device) -> bool:
        """Return whether targets of `outputs` outputs on `device` can be kept here."""
        stride = -(-outputs // KEPT_OUTPUTS)
        return self._rows.device == device and (
            self._stride == stride and self._rows.shape[1] == -(-outputs // stride)
        )

    def add(self, target: Tensor) -> None:
        """Keep rows of targets of shape (examples, outputs): all of a small batch."""
        step = -(-target.shape[0] // (KEPT_ROWS // 4))
        rows = target.detach()[::step, :: self._stride].float()
        if self._next + rows.shape[0] > KEPT_ROWS:
            self._next = 0
        self._rows[self._next : self._next + rows.shape[0]] = rows
        self._next += rows.shape[0]
        self._filled = max(self._filled, self._next)
        self._batches += 1

    def prior_loss(self, kind: str, beta: float) -> Tensor:
        """Return the loss of the best constant for l1, smooth_l1 or huber."""
        early = self._batches < RENEWED_EVERY
        if self._prior is None or early or self._batches % RENEWED_EVERY == 0:
            self._prior = least_loss(self._rows[: self._filled], kind, beta)
        return self._prior


def least_loss(rows: Tensor, kind: str, beta: float) -> Tensor:
    """Return the mean loss of the best constant for every column of `rows`.

    The median for distances; for Huber's loss the weighted mean that weights by what it weighs.
    """
    best = rows.median(0).values
    if kind != "l1":
        for _ in range(_ITERATIONS):
            weights = (beta / (rows - best).abs().clamp_min(1e-12)).clamp_max(1)
            best = (weights * rows).sum(0) / weights.sum(0)
    gap = (rows - best).abs()
    if kind == "l1":
        return gap.mean()
    return huber(gap, beta).mean() / (beta if kind == "smooth_l1" else 1)


def huber(gap: Tensor, delta: float) -> Tensor:
    """Return Huber's loss of absolute differences."""
    return torch.where(gap < delta, 0.5 * gap.square(), delta * (gap - 0.5 * delta))


def outputs_of(target: Tensor) -> int:
    """Return the number of outputs per example that `Moments` keeps apart."""
    each = target.numel() // max(1, target.shape[0]) if target.dim() else 1
    return each if each <= MAX_OUTPUTS else 1
