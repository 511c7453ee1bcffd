"""Statistics of series. Pure functions of arrays; nothing here knows what a loss is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def theil_sen(values: Floats) -> float:
    """Return the median of the slopes between all pairs of equally spaced points.

    Args:
        values: Shape (n,), finite, n >= 2.

    Returns:
        Change per point (Theil 1950; Sen 1968).

    >>> theil_sen(np.array([5.0, 4.0, 3.0, 2.0, 90.0]))
    -1.0
    """
    first, last = np.triu_indices(len(values), 1)
    return float(np.median((values[last] - values[first]) / (last - first)))


def block_means(values: Floats, blocks: int) -> Floats:
    """Return the means of `blocks` runs of points of nearly equal length.

    Args:
        values: Shape (n,), n >= blocks; entries that are not finite are left out, and a block
            without any finite entry is NaN.
        blocks: Number of blocks.

    >>> block_means(np.array([1.0, 3.0, 5.0, np.nan]), 2).tolist()
    [2.0, 5.0]
    """
    finite = np.isfinite(values)
    starts = np.linspace(0, len(values), blocks + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.where(finite, values, 0.0), starts)
    counts = np.add.reduceat(finite.astype(float), starts)
    return ratio(sums, counts)


def change_error(blocks: Floats) -> float:
    """Return the standard error of the total change along a line through equally spaced blocks.

    From the median absolute difference of neighbours, so that the change itself does not count as
    noise: sd * sqrt(12 / n), the error of a least-squares slope times n.

    >>> change_error(np.array([1.0, 2.0, 3.0, 4.0])) == 0
    True
    """
    steps = np.diff(blocks)
    spread = np.median(np.abs(steps - np.median(steps))) * 1.4826 / np.sqrt(2)
    return float(max(spread, np.std(steps) / 4) * np.sqrt(12 / len(blocks)))


def z_score(values: Floats) -> float:
    """Return the mean divided by its standard error; 0 for fewer than three finite values.

    >>> round(z_score(np.array([1.0, 2.0, 3.0])), 2)
    3.46
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 3:
        return 0.0
    error = finite.std(ddof=1) / np.sqrt(len(finite))
    mean = float(finite.mean())
    return float(mean / error) if error > 0 else float(np.sign(mean)) * np.inf if mean else 0.0


def finite_mean(values: Floats) -> float:
    """Return the mean of the finite values; NaN for none.

    >>> finite_mean(np.array([1.0, np.nan, 3.0])), finite_mean(np.array([np.nan]))
    (2.0, nan)
    """
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def finite_median(values: Floats) -> float:
    """Return the median of the finite values; NaN for none.

    >>> finite_median(np.array([1.0, np.inf, 3.0, 8.0])), finite_median(np.zeros(0))
    (3.0, nan)
    """
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def median_of_columns(values: Floats) -> Floats:
    """Return the median of every column over its finite entries; NaN where it has none.

    >>> median_of_columns(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist()
    [2.0, nan]
    """
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)
    counts = np.isfinite(ordered).sum(axis=0)
    if not len(ordered):
        return np.full(values.shape[1], np.nan)
    columns = np.arange(ordered.shape[1])
    low = ordered[np.maximum(counts - 1, 0) // 2, columns]
    high = ordered[np.minimum(counts // 2, len(ordered) - 1), columns]
    return np.where(counts > 0, (low + high) / 2, np.nan)


def root_sum_squares(values: Floats, axis: int = -1) -> Floats:
    """Return the L2 norm along an axis over entries that are not NaN.

    >>> float(root_sum_squares(np.array([3.0, np.nan, 4.0])))
    5.0
    """
    return np.asarray(np.sqrt(np.nansum(np.square(values), axis=axis)))


def ratio(upper: NDArray[np.floating], lower: NDArray[np.floating | np.integer]) -> Floats:
    """Return upper / lower elementwise; NaN where the lower one is not above 0.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    shape = np.broadcast_shapes(np.shape(upper), np.shape(lower))
    with np.errstate(all="ignore"):  # of what has overflowed the ratio is not known either
        out: Floats = np.divide(upper, lower, out=np.full(shape, np.nan), where=lower > 0)
    return out


def nan_range(values: Floats) -> tuple[Floats, Floats]:
    """Return the least and the largest finite entry of every column; 0 where it has none.

    >>> [end.tolist() for end in nan_range(np.array([[1.0, np.nan], [3.0, np.inf]]))]
    [[1.0, 0.0], [3.0, 0.0]]
    """
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    none = ~known.any(axis=0)
    return np.where(none, 0.0, low), np.where(none, 0.0, high)


def filled(values: Floats) -> Floats:
    """Return every column with its last finite entry so far; NaN before the first one.

    >>> filled(np.array([[np.nan], [3.0], [np.inf]])).tolist()
    [[nan], [3.0], [3.0]]
    """
    rows = np.where(np.isfinite(values), np.arange(len(values))[:, None], -1)
    last = np.maximum.accumulate(rows, axis=0)
    found = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    return np.where(last < 0, np.nan, found)


def logged_number(value: Any) -> float:
    """Return a number that a log says; NaN where it says anything else.

    >>> logged_number(2), logged_number("2"), logged_number(True)
    (2.0, nan, nan)
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else float("nan")
