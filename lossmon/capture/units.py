"""Are the units of a layer copies of each other? Each row of a weight matrix as one number.

The fingerprint of a row is its product with a fixed random vector: equal rows give equal numbers,
different rows different ones almost surely. Measured at few early steps only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lossmon.capture.direction import fixed_direction

MAX_ROWS = 4096
MAX_COLUMNS = 4096
RELATIVE_GAP = 1e-6
"""Two fingerprints nearer than this, relative to the largest, are the same unit."""


def fingerprinted(step: int) -> bool:
    """Return whether units are compared at `step`: 0, 1, 2, 4, 8, ... up to 4096."""
    return step <= 4096 and step & (step - 1) == 0


def has_units(tensor: Tensor) -> bool:
    """Return whether `tensor` is a real weight matrix with at least two units."""
    return tensor.dim() >= 2 and tensor.shape[0] >= 2 and not tensor.is_complex()


class UnitMeter:
    """Counts distinct rows; keeps one random vector per row length."""

    def __init__(self) -> None:
        self._directions: dict[tuple[int, torch.device], Tensor] = {}

    def distinct_share(self, weight: Tensor) -> Tensor:
        """Return the share of rows of `weight` that differ, zero-dimensional, in (0, 1]."""
        rows = weight.detach().reshape(weight.shape[0], -1)[:MAX_ROWS, :MAX_COLUMNS].float()
        # Not a matrix product: autocast would round it to half precision.
        prints = (rows * self._direction(rows.shape[1], rows.device)).sum(1).sort().values
        gaps = prints.diff() > RELATIVE_GAP * prints.abs().max()
        return (1 + gaps.sum()) / rows.shape[0]

    def _direction(self, length: int, device: torch.device) -> Tensor:
        key = (length, device)
        if key not in self._directions:
            self._directions[key] = fixed_direction(length, device)
        return self._directions[key]
