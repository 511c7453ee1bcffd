"""Running statistics of the targets, for the loss of the best constant prediction.

Pooled over all batches seen, on the device: one batch's own entropy is far too low (at batch 8 of
10 classes 1.64 against 2.30).
"""

from __future__ import annotations

import torch
from torch import Tensor

MAX_OUTPUTS = 16_384
"""Above this many outputs per example their means are not kept apart."""


class ClassCounts:
    """Weighted counts of class indices, and the entropy of their shares."""

    def __init__(self, classes: int, device: torch.device) -> None:
        # One place more than classes, for the targets that do not count.
        self._counts = torch.zeros(classes + 1, device=device)
        self._seen = torch.zeros(classes + 1, device=device)
        self._ones = torch.ones(0, device=device)

    def matches(self, classes: int, device: torch.device) -> bool:
        """Return whether these counts can take targets of `classes` classes on `device`."""
        return self._counts.shape[0] == classes + 1 and self._counts.device == device

    def add(self, target: Tensor, *, weight: Tensor | None, ignored: int) -> None:
        """Add class indices of any shape that the criterion accepted; `ignored` does not count."""
        flat = target.detach().reshape(-1)
        index = flat.masked_fill(flat == ignored, self._counts.shape[0] - 1)
        if self._ones.shape != index.shape:
            self._ones = torch.ones(index.shape, device=index.device)
        self._seen.index_add_(0, index, self._ones)
        if weight is None:
            self._counts = self._seen
        else:
            self._counts = self._seen * torch.cat([weight.detach().float(), self._ones[:1]])

    def prior_loss(self) -> Tensor:
        """Return the entropy of the class shares, in nats: the cross-entropy of predicting them."""
        counts = self._counts[:-1]
        entropy: Tensor = torch.special.entr(counts / counts.sum()).sum()
        return entropy

    @property
    def seen(self) -> Tensor:
        """Number of targets counted, zero-dimensional."""
        seen: Tensor = self._seen[:-1].sum()
        return seen


class Moments:
    """Mean and variance of every output's targets (Chan et al. 1979, eq. 2.1: pairwise update)."""

    def __init__(self, outputs: int, device: torch.device) -> None:
        # Other accelerators than CUDA lack float64.
        dtype = torch.float64 if device.type in ("cpu", "cuda") else torch.float32
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

    def variance(self) -> Tensor:
        """Return the mean over outputs of their variance: the error of predicting the mean."""
        return (self._m2 / max(1, self._examples)).mean()

    def binary_entropy(self) -> Tensor:
        """Return the mean over outputs of the entropy of a coin with their mean, in nats."""
        p = self._mean.clamp(0, 1)
        entropy: Tensor = (torch.special.entr(p) + torch.special.entr(1 - p)).mean()
        return entropy

    @property
    def seen(self) -> Tensor:
        """Number of target values added, zero-dimensional."""
        return torch.tensor(float(self._examples * self._mean.shape[0]), device=self._mean.device)


def outputs_of(target: Tensor) -> int:
    """Return the number of outputs per example that `Moments` keeps apart."""
    each = target.numel() // max(1, target.shape[0]) if target.dim() else 1
    return each if each <= MAX_OUTPUTS else 1
