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
FEWEST_ROWS = 64
"""So many at least, however wide a record is: 32 pairs."""
MAX_NUMBERS = 1 << 14
"""Numbers of one signal looked at in a window, where that leaves `FEWEST_ROWS`."""
MIN_ROWS = 32
"""Records that a statement about the present rests on, at least."""
FIRST, LAST, BLOCKS, BLOCK = 512, 1024, 16, 34
"""Of `in_blocks`: records at either end, and number and length of the blocks between."""
EARLY_ROWS = 30
"""Records that count as the beginning of a run."""


def most_rows(width: int) -> int:
    """Return how many records of a table of `width` rows are looked at: an even number."""
    return min(MAX_ROWS, max(FEWEST_ROWS, MAX_NUMBERS // max(1, width) // 2 * 2))


def newest(steps: Steps, since: int, most: int = MAX_ROWS, *, least: int = MIN_ROWS) -> Steps:
    """Return the indices of at most `most` records from step `since` on, evenly spread.

    A fast run is sampled seldom once it has used up its allowance: then the newest `least`.
    """
    count = len(steps)
    first = int(np.searchsorted(steps, since))
    return spread(min(first, max(0, count - least)), count, most)


@lru_cache(maxsize=64)
def early_and_spread(count: int, most: int = MAX_ROWS) -> Steps:
    """Return at most `most` of `count` indices, and the earliest ones beside them.

    Not to be written to: a report asks a dozen times for the same ones.
    """
    early = np.arange(min(EARLY_ROWS, count))
    rows = np.unique(np.concatenate([early, spread(0, count, most)]))
    rows.flags.writeable = False
    return rows


def spread(first: int, last: int, most: int) -> Steps:
    """Return at most `most` indices from first to last, in neighbouring pairs."""
    count = last - first
    if count <= most:
        return np.arange(first, last)
    starts = np.linspace(first, last - 2, most // 2).astype(np.int64)
    return np.unique(np.concatenate([starts, starts + 1]))


@lru_cache(maxsize=64)
def in_blocks(count: int) -> Steps:
    """Return indices of the first and the newest of `count` records, and of blocks between them.

    For signals that are measured once in 17 records: a block of neighbours holds two of them.
    """
    starts = np.linspace(0, max(0, count - BLOCK), BLOCKS).astype(np.int64)
    between = (starts[:, None] + np.arange(BLOCK)).ravel()
    ends = (np.arange(min(FIRST, count)), np.arange(max(0, count - LAST), count))
    rows = np.unique(np.concatenate([*ends, between[between < count]]))
    rows.flags.writeable = False
    return rows
