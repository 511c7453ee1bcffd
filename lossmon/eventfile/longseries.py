"""Series so long that buckets stand for their later points, out of the files of several starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lossmon.eventfile.buckets import singles
from lossmon.eventfile.part import Columns, Part, merge_columns
from lossmon.records import BucketRows, RawEnd


class _Stretch(NamedTuple):
    columns: Columns
    buckets: BucketRows

    @property
    def end(self) -> int:
        """Step of the last point, of rows that ascend; -1 where there is none."""
        steps, table = self.columns[0], self.buckets.table
        last = int(steps[-1]) if len(steps) else -1
        return last if not len(table) else max(last, int(table[-1, BucketRows.END]))


class LongSeries:
    """Merges the parts of one tag; what older starts wrote is merged once."""

    def __init__(self) -> None:
        self._known: tuple[tuple[object, ...], _Stretch] | None = None

    def merged(self, parts: Sequence[Part]) -> tuple[Columns, BucketRows, RawEnd | None]:
        """Return steps, wall times and values, which rows are buckets, and the newest points.

        There are newest points only where one start's follow all others': else it is not known
        which buckets will stand for them.
        """
        newest = parts[-1]
        before = self._older(parts[:-1])
        if not newest.is_plain or newest.points.first_step <= before.end:
            return (*_merge([_stretch(part) for part in parts]), None)
        tail, count = newest.points.tail, len(before.columns[0])
        if tail is not None:
            tail = RawEnd(count + tail.row, tail.steps, tail.wall_times, tail.table)
        return (*_joined([before, _stretch(newest)]), tail)

    def _older(self, parts: Sequence[Part]) -> _Stretch:
        key = tuple((part, len(part.points), len(part.points.cuts)) for part in parts)
        if self._known is None or self._known[0] != key:
            self._known = key, _merge([_stretch(part) for part in parts])
        return self._known[1]


_NONE: Columns = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def _stretch(part: Part) -> _Stretch:
    """Return what counts of a part, in file order."""
    head, rows = part.columns(), part.later() or singles(*_NONE)
    buckets = rows.steps, rows.wall_times, rows.values[:, BucketRows.MEAN]
    steps, walls, values = (np.concatenate(pair) for pair in zip(head, buckets, strict=True))
    which = np.arange(len(head[0]), len(steps))
    return _Stretch((steps, walls, values), BucketRows(which, rows.values))


def _joined(stretches: Sequence[_Stretch]) -> _Stretch:
    """Return stretches one behind the other."""
    held = [stretch for stretch in stretches if len(stretch.columns[0])]
    if len(held) == 1:
        return held[0]
    bases = np.cumsum([0, *(len(stretch.columns[0]) for stretch in held)])
    pairs = zip(*(stretch.columns for stretch in held), strict=True)
    steps, walls, values = (np.concatenate(pair) for pair in pairs)
    rows = [stretch.buckets.rows + base for stretch, base in zip(held, bases, strict=False)]
    table = np.concatenate([stretch.buckets.table for stretch in held])
    return _Stretch((steps, walls, values), BucketRows(np.concatenate(rows), table))


def _merge(stretches: Sequence[_Stretch]) -> _Stretch:
    """Return the rows of all ascending in step; of one step the last copy."""
    if not any(len(stretch.columns[0]) for stretch in stretches):
        return _Stretch(_NONE, BucketRows(_NONE[0], singles(*_NONE).values))
    (steps, walls, values), buckets = _joined(stretches)
    which = np.full(len(steps), -1)
    which[buckets.rows] = np.arange(len(buckets.rows))
    steps, walls, values, which = merge_columns([(steps, walls, values, which)])
    rows = np.flatnonzero(which >= 0)
    return _Stretch((steps, walls, values), BucketRows(rows, buckets.table[which[rows]]))
