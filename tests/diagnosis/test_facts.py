"""What rules share about a run."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.facts import MAX_LOSSES, Facts
from lossmon.records import BucketRows, Run, Series


def long_run(width: int) -> Run:
    """A run of 4,000 rows that each stand for so many points; the loss is 2, then 1."""
    rows = np.arange(4000)
    table = np.zeros((4000, BucketRows.WIDTH))
    table[:, BucketRows.COUNT] = width
    table[:, BucketRows.FIRST_STEP] = rows * width
    table[:, BucketRows.END] = rows * width + width - 1
    values = np.where(rows < 3500, 2.0, 1.0)
    steps = rows * width + width - 1
    series = Series("train/loss", steps, steps * 1.0, values, BucketRows(rows, table))
    return Run("long", {"train/loss": series})


def test_losses_of_a_very_long_window_are_thinned_evenly() -> None:
    short, long = (Facts(long_run(width)).window_losses for width in (16, 1 << 15))
    assert len(short) == 16_000
    assert MAX_LOSSES / 2 < len(long) <= 2 * MAX_LOSSES
    assert np.mean(long) == np.mean(short) == 1.5
