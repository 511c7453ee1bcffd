"""Curves as braille: two by four dots a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.records import Floats
from lossmon.tui.scale import Axis
from lossmon.tui.strokes import BLANK

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint32)

Dots = NDArray[np.bool_]


def columns_of(places: Floats, axis: Axis, columns: int) -> NDArray[np.int64]:
    """Return the dot column of each place on the horizontal axis; -1 outside of it."""
    low, high = axis.low, axis.high
    if axis.log:
        places = np.log(np.maximum(places, 1e-12))
        low, high = np.log(low), np.log(high)
    share = (places - low) / (high - low)
    column = np.minimum((np.clip(share, -1, 2) * columns).astype(np.int64), columns - 1)
    return np.where((share < 0) | (share > 1), -1, column)


def heights(values: Floats, axis: Axis) -> Floats:
    """Return where values lie on the axis, 0 to 1, clipped; NaN stays NaN."""
    if axis.log:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log10(np.where(np.isnan(values), np.nan, np.maximum(values, 1e-320)))
        low, high = np.log10(axis.low), np.log10(axis.high)
    else:
        low, high = axis.low, axis.high
    with np.errstate(over="ignore"):
        return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))


def spread(values: Floats, holes: Dots) -> Floats:
    """Fill NaN between two known values by a straight line, unless a hole lies between them."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return values
    place = np.arange(len(values))
    filled = np.interp(place, known, values[known], left=np.nan, right=np.nan)
    after = np.searchsorted(known, place, side="left")
    inside = (after > 0) & (after < len(known))
    before, after = known[np.maximum(after - 1, 0)], known[np.minimum(after, len(known) - 1)]
    count = np.concatenate(([0], np.cumsum(holes)))
    broken = inside & (count[after] > count[before + 1])
    return np.where(broken & np.isnan(values), np.nan, filled)


def trace(values: Floats, rows: int) -> Dots:
    """Return the dots, shape (rows, columns), of a line through heights of 0 to 1, one a column."""
    level = np.rint((1.0 - values) * (rows - 1))
    before = np.concatenate(([np.nan], level[:-1]))
    before = np.where(np.isnan(before), level, before)
    top = np.where(before < level, before + 1, level)
    bottom = np.where(before > level, before - 1, level)
    row = np.arange(rows)[:, None]
    with np.errstate(invalid="ignore"):
        return np.asarray((row >= top) & (row <= bottom))


def pack(dots: Dots) -> NDArray[np.uint32]:
    """Return code points, shape (rows / 4, columns / 2); a space where a cell has no dot."""
    rows, columns = dots.shape
    cells = dots.reshape(rows // 4, 4, columns // 2, 2)
    bits: NDArray[np.uint32] = np.einsum("aibj,ij->ab", cells.astype(np.uint32), _BITS).astype(
        np.uint32
    )
    bits[bits > 0] += np.uint32(BLANK)
    bits[bits == 0] = ord(" ")
    return bits
