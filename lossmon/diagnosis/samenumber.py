"""Whether the number that all of a batch bears tells its targets: whose they are, by an embedding.

A batch of one user, shop or item has one and the same number for input. Where batches of the same
number have alike targets, and other ones do not, what they have in common can be learnt by it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 0.9
"""Of the batches; fewer that bear one number each are no rule of this training."""
PAIRS = 8
"""Fewer pairs of batches of the same number tell nothing."""


def told_by_number(numbers: Floats, spreads: Floats, targets: Floats) -> float:
    """Return how surely equal numbers go with equal targets, in standard errors; NaN if unknown.

    `numbers` and `spreads` are the mean of each batch's input and its standard deviation, `targets`
    has a row for each batch. Products of unlike batches are 0 on average, and independent.
    """
    alone = (spreads == 0) & np.isfinite(numbers)
    if not len(alone) or alone.mean() < MOST:
        return float("nan")
    centred, which = targets[alone] - targets[alone].mean(axis=0), numbers[alone]
    same = np.triu(which[:, None] == which[None], 1)
    variance, pairs = float(np.square(centred).sum(axis=1).mean()), int(same.sum())
    # One number alone tells no batch from another.
    if pairs < PAIRS or not variance > 0 or len(np.unique(which)) < PAIRS:
        return float("nan")
    return float((centred @ centred.T)[same].sum() / variance / np.sqrt(pairs))
