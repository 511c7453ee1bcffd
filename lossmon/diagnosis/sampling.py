"""Which of the sampled records are looked at: few enough to be cheap, in pairs, the ends included.

Gaps between records are normal, and each table has its own: a record that is missing in one may be
there in the other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]

MAX_ROWS = 256
"""Sampled records looked at in a window: more would cost time and change no median."""
MIN_ROWS = 32
"""Records that a statement about the present rests on, at least."""
EARLY_ROWS = 30
"""Records that count as the beginning of a run."""


def newest(steps: Steps, since: int) -> Steps:
    """Return the indices of at most `MAX_ROWS` records from step `since` on, evenly spread.

    A fast run is sampled seldom once it has used up its allowance: then the newest `MIN_ROWS`.
    """
    count = len(steps)
    first = int(np.searchsorted(steps, since))
    return spread(min(first, max(0, count - MIN_ROWS)), count)


@lru_cache(maxsize=64)
def early_and_spread(count: int) -> Steps:
    """Return at most `MAX_ROWS` of `count` indices, and the earliest ones beside them.

    Not to be written to: a report asks a dozen times for the same ones.
    """
    early = np.arange(min(EARLY_ROWS, count))
    rows = np.unique(np.concatenate([early, spread(0, count)]))
    rows.flags.writeable = False
    return rows


def spread(first: int, last: int) -> Steps:
    """Return at most `MAX_ROWS` indices from first to last, in neighbouring pairs."""
    count = last - first
    if count <= MAX_ROWS:
        return np.arange(first, last)
    starts = np.linspace(first, last - 2, MAX_ROWS // 2).astype(np.int64)
    return np.unique(np.concatenate([starts, starts + 1]))
