"""What a chart draws of a series: never more points than pixels, and never fewer facts.

A bucket keeps its lowest and highest value, so that one spike among a million points is drawn.
Points that are not finite take no part in any mean or extreme; they are returned apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.records import Floats, Series, Steps

_BLOCK = 128
"""Points of one block; all blocks are smoothed side by side: 1 M points take 60 ms, not 500 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A series in at most so many buckets, each of consecutive points; shape (buckets,) each."""

    first: Steps
    last: Steps
    count: NDArray[np.int64]
    low: Floats
    high: Floats
    """Extremes of the bucket's finite points; NaN where it has none."""
    smooth: Floats
    """The smoothed series at the bucket's last point; NaN where the bucket has no finite point."""

    def __len__(self) -> int:
        return len(self.first)


def bucketed(series: Series, smooth: Floats, *, buckets: int = 1200) -> Curve:
    """Return `series`, with `smooth` of the same length, in at most `buckets` buckets."""
    n = len(series)
    parts = min(n, buckets)
    edges = np.arange(parts + 1, dtype=np.int64) * n // max(parts, 1)
    starts, ends = edges[:-1], edges[1:]
    finite = np.isfinite(series.values)
    low = _reduced(np.minimum, np.where(finite, series.low, np.inf), starts)
    high = _reduced(np.maximum, np.where(finite, series.high, -np.inf), starts)
    return Curve(
        first=np.maximum.accumulate(series.first_steps[starts]),
        last=series.steps[ends - 1],
        count=np.add.reduceat(series.counts, starts) if n else ends - starts,
        low=np.where(np.isfinite(low), low, np.nan),
        high=np.where(np.isfinite(high), high, np.nan),
        smooth=np.where(np.isfinite(low), smooth[ends - 1], np.nan),
    )


def smoothed(values: Floats, span: float) -> Floats:
    """Return the exponential moving average of `values`, the start weighted as TensorBoard does.

    Points that are not finite are passed over: the average keeps its last value there, NaN before
    the first finite point. A span of n weighs a point by 1 - 2/(n + 1) for each step of age.
    """
    keep = 1.0 - 2.0 / (max(span, 1.0) + 1.0)
    finite = np.isfinite(values)
    kept = values[finite]
    largest = float(np.max(np.abs(kept), initial=0.0)) or 1.0
    # Losses near 1e308 would sum to inf; by a power of two, so that no digit is lost.
    scale = 2.0 ** (math.frexp(largest)[1] - 1)
    weight = _decayed(np.ones(len(kept)), keep)
    average = _decayed(kept / scale, keep) / weight * scale
    place = np.cumsum(finite) - 1
    return (
        np.where(place >= 0, average[place], np.nan) if len(kept) else np.full(len(values), np.nan)
    )


def span_of(points: int) -> int:
    """Return the span that shows the trend of so many points: a fiftieth of them, at least 5."""
    return max(5, points // 50)


def non_finite(series: Series, *, limit: int = 1000) -> tuple[tuple[int, int], ...]:
    """Return first and last step of each stretch of points that are not finite.

    Of a long series a stretch ends with the bucket that its last point is in.
    Only the first `limit` - 1 stretches stay apart; the last one then reaches to the end of all.
    """
    bad = ~np.isfinite(series.values)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], bad, [False])).astype(np.int8)))
    last = series.last_steps
    pairs = [(int(series.steps[a]), int(last[b - 1])) for a, b in edges.reshape(-1, 2)]
    if len(pairs) > limit:
        pairs = [*pairs[: limit - 1], (pairs[limit - 1][0], pairs[-1][1])]
    return tuple(pairs)


def _reduced(ufunc: np.ufunc, values: Floats, starts: NDArray[np.int64]) -> Floats:
    return np.asarray(ufunc.reduceat(values, starts)) if len(values) else np.zeros(0)


def _decayed(values: Floats, keep: float) -> Floats:
    """Return s with s[i] = keep * s[i-1] + values[i], from 0."""
    blocks = -(-len(values) // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[: len(values)] = values
    inner = padded.reshape(blocks, _BLOCK)
    # Not a matrix product: its rounding depends on the number of rows, so that points which come
    # would move the ones before them in their last bit.
    for age in range(1, _BLOCK):
        inner[:, age] += keep * inner[:, age - 1]
    carry, before = 0.0, np.zeros(blocks)
    for block in range(blocks):
        before[block] = carry
        carry = carry * keep**_BLOCK + inner[block, -1]
    whole = inner + before[:, None] * keep ** np.arange(1, _BLOCK + 1)[None, :]
    return np.asarray(whole.reshape(-1)[: len(values)])
