"""Mean and spread of what was looked at batch by batch, over several batches together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Of targets or predictions; NaN where none were looked at."""

    mean: float
    std: float

    @property
    def size(self) -> float:
        """Root mean square."""
        return float(np.hypot(self.mean, self.std))


def pooled(means: Floats, stds: Floats) -> Scale:
    """Return the scale of batches of equal size together, from the mean and std of each.

    Entries that are not finite are left out.

    >>> pooled(np.array([1.0, 3.0]), np.array([0.0, 0.0]))
    Scale(mean=2.0, std=1.0)
    """
    known, spreads = means[np.isfinite(means)], stds[np.isfinite(stds)]
    if not len(known) or not len(spreads):
        return Scale(float("nan"), float("nan"))
    return Scale(float(known.mean()), float(np.sqrt(np.square(spreads).mean() + known.var())))
