"""A series cut down to what a chart can show, so that a million points cost no more than a few.

Bucket borders depend on a row's number alone: what was drawn stays as it is when points come, but
for the newest few thousand points of a series beyond a million, whose rows change once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.records import Floats, Series, Steps
from lossmon.report.curve import smoothed, span_of

_MOST = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Consecutive points in buckets of 2^k; shape (n,) each."""

    steps: Steps
    """Last step of each bucket."""
    low: Floats
    high: Floats
    """Extremes of the finite points; NaN where a bucket has none."""
    trend: Floats
    """Moving average at the last finite point; NaN where a bucket has none."""
    bad: NDArray[np.bool_]
    """Whether a point of the bucket is not finite."""
    first_step: int
    last_value: float
    """The newest point, as it was recorded."""
    span: int
    """Span of the moving average, in points."""

    def __len__(self) -> int:
        return len(self.steps)


def condense(series: Series) -> Points:
    """Return `series` in at most 4,096 buckets; it has at least one point.

    The moving average runs over every point. Its span doubles now and then instead of growing with
    each point: a span that grew would move the whole curve at every refresh.
    """
    n = len(series)
    stride = 1
    while n > _MOST * stride:
        stride *= 2
    span = _span(n)
    starts = np.arange(0, n, stride)
    ends = np.append(starts[1:], n)
    finite = np.isfinite(series.values)
    known = np.logical_or.reduceat(finite, starts)
    low = np.minimum.reduceat(np.where(finite, series.low, np.inf), starts)
    high = np.maximum.reduceat(np.where(finite, series.high, -np.inf), starts)
    average = smoothed(series.values, span)
    return Points(
        steps=series.steps[ends - 1],
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
        trend=np.where(known, average[ends - 1], np.nan),
        bad=~np.logical_and.reduceat(finite, starts),
        first_step=int(series.steps[0]),
        last_value=float(series.values[-1]),
        span=span,
    )


def _span(n: int) -> int:
    """Return the span for n points: a power of two, and no more than the usual one."""
    usual = span_of(n)
    return usual if usual <= 8 else 1 << (usual.bit_length() - 1)
