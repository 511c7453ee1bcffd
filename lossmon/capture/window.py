"""What each unit has done over the last samples: no unit is called dead for a single batch.

Two generations: once the younger has its samples it becomes the older, so that what is said always
rests on at least `LEAST` samples and at most twice as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmon.capture.segments import Flat

LEAST = 512
"""Samples of a unit before it is called dead."""


class Window:
    """Peak and mass of units that are looked at together."""

    def __init__(self, like: Flat, spans: Sequence[slice], samples: int) -> None:
        """`like` has one entry a unit; `spans` part it into layers; `samples` come at a time."""
        self._spans = spans
        self._samples = samples
        self._like = like
        self._young, self._old = self._empty(), self._empty()
        self._young_counts = np.zeros(len(spans), np.float32)
        self._old_counts = np.zeros(len(spans), np.float32)

    @property
    def counts(self) -> NDArray[np.float32]:
        """Samples of each unit in the window, one number a layer."""
        return self._young_counts + self._old_counts

    def add(self, peak: Flat, mass: Flat, fresh: NDArray[np.bool_], mask: Flat) -> None:
        """Add the largest value and the sum of |activation| of every unit, where `mask` says so.

        `fresh` says the same of the layers; `mask` may be None where all are.
        """
        self._roll()
        young = self._young
        if mask is not None:
            peak, mass = _where(mask, peak, young[0]), _where(mask, mass, mass * 0)
        young[0] = _larger(young[0], peak)
        young[1] = young[1] + mass
        self._young_counts[fresh] += self._samples

    def peak(self) -> Flat:
        """Return the largest value of every unit in the window."""
        return _larger(self._young[0], self._old[0])

    def mass(self) -> Flat:
        """Return the sum of |activation| of every unit in the window."""
        return self._young[1] + self._old[1]

    def _empty(self) -> list[Any]:
        return [self._like * 0 - np.inf, self._like * 0]

    def _roll(self) -> None:
        full = self._young_counts >= LEAST
        if not full.any():
            return
        if full.all():
            self._old, self._young = self._young, self._empty()
        else:
            for at in np.flatnonzero(full).tolist():
                span = self._spans[at]
                for old, young, empty in zip(self._old, self._young, (-np.inf, 0.0), strict=True):
                    old[span] = young[span]
                    young[span] = empty
        self._old_counts[full], self._young_counts[full] = self._young_counts[full], 0


def _larger(one: Flat, other: Flat) -> Flat:
    return torch.maximum(one, other) if isinstance(one, Tensor) else np.maximum(one, other)


def _where(mask: Flat, one: Flat, other: Flat) -> Flat:
    return torch.where(mask, one, other) if isinstance(one, Tensor) else np.where(mask, one, other)
