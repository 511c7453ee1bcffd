"""A series cut down to what a chart can show, so that a million points cost no more than a few.

Bucket borders depend on a row's number alone: what was drawn stays as it is when points come, but
for the newest few thousand points of a series beyond a million, whose rows change once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.records import BucketRows, Floats, Series, Steps
from lossmon.report.curve import smoothed, span_of

_MOST = 4096
_LEAD = 16


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Consecutive points in buckets of 2^k; shape (n,) each."""

    steps: Steps
    """Last step of each bucket."""
    times: Floats
    """Seconds from the first point to the last of each bucket, never falling."""
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


def condense(series: Series, *, span: int = 0, window: tuple[int, int] | None = None) -> Points:
    """Return `series` in at most 4,096 buckets; it has at least one point.

    `window`: first and last step of interest; of the points beside it only the nearest is kept.
    The moving average runs over every point. Its usual span doubles now and then instead of growing
    with each point: one that grew would move the whole curve at every refresh.
    """
    span = span or usual_span(series)
    start = float(series.wall_times[0])
    part, average = _within(series, span, window)
    n = len(part)
    stride = 1
    while n > _MOST * stride:
        stride *= 2
    starts = np.arange(0, n, stride)
    ends = np.append(starts[1:], n)
    finite = np.isfinite(part.values)
    known = np.logical_or.reduceat(finite, starts)
    low = np.minimum.reduceat(np.where(finite, part.low, np.inf), starts)
    high = np.maximum.reduceat(np.where(finite, part.high, -np.inf), starts)
    return Points(
        steps=part.steps[ends - 1],
        times=np.maximum.accumulate(part.wall_times[ends - 1] - start),
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
        trend=np.where(known, average[ends - 1], np.nan),
        bad=~np.logical_and.reduceat(finite, starts),
        first_step=int(part.steps[0]),
        last_value=float(series.values[-1]),
        span=span,
    )


def usual_span(series: Series) -> int:
    """Return the span of the moving average that shows the trend of a whole series."""
    return _span(len(series))


def _within(series: Series, span: int, window: tuple[int, int] | None) -> tuple[Series, Floats]:
    """Return the rows in the window and one on each side, and the average at each of them."""
    if window is None:
        return series, smoothed(series.values, span)
    first, last = np.searchsorted(series.steps, window)
    begin = min(max(int(first) - 1, 0), len(series) - 1)
    end = min(int(last) + 2, len(series))
    # The average forgets: what is older than sixteen spans has a weight of e^-32.
    lead = max(begin - _LEAD * span, 0)
    average = smoothed(series.values[lead:end], span)[begin - lead :]
    rows = slice(begin, end)
    part = Series(
        series.tag,
        series.steps[rows],
        series.wall_times[rows],
        series.values[rows],
        None if series.buckets is None else _rows_of(series.buckets, begin, end),
    )
    return part, average


def _rows_of(buckets: BucketRows, begin: int, end: int) -> BucketRows:
    kept = slice(*np.searchsorted(buckets.rows, [begin, end]))
    return BucketRows(buckets.rows[kept] - begin, buckets.table[kept])


def _span(n: int) -> int:
    """Return the span for n points: a power of two, and no more than the usual one."""
    usual = span_of(n)
    return usual if usual <= 8 else 1 << (usual.bit_length() - 1)
