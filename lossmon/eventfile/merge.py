"""Points of several files as one: a newer copy of a step wins, what a restart cut off is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.points import Points
from lossmon.records import BucketRows, Floats, Steps, Tail

NO_LIMIT = int(np.iinfo(np.int64).max)
Columns = tuple[Steps, Floats, NDArray[Any]]
"""Steps, wall times, values."""


@dataclass(frozen=True, slots=True)
class Part:
    """The points of one file, and which of them still count."""

    points: Points
    limit: int = NO_LIMIT
    """A later start superseded the points from this step on."""
    mark: int = 0
    """Bits to set in each value: which file an offset is meant in."""

    @property
    def is_plain(self) -> bool:
        """Whether the points can be shown as they are."""
        points = self.points
        above = not len(points) or points.last_step < self.limit
        return points.ascending and not points.cuts and above and not self.mark

    def columns(self, first: int = 0) -> Columns:
        """Return what counts of the points from the `first` on, in file order."""
        points = self.points
        kept = points.kept(first) & (points.steps[first:] < self.limit)
        values = points.values[first:][kept]
        marked = values | self.mark if self.mark else values
        return points.steps[first:][kept], points.wall_times[first:][kept], marked

    def later(self) -> tuple[Steps, Floats, Floats]:
        """Return what counts of the rows behind the points that are kept one by one.

        Of a bucket that a later start cut in two, nothing: less than a bucket is lost.
        """
        rows = self.points.later
        if rows is None:
            return np.zeros(0, np.int64), np.zeros(0), np.zeros((0, BucketRows.WIDTH))
        kept = rows.values[:, BucketRows.END] < self.limit
        return rows.steps[kept], rows.wall_times[kept], rows.values[kept]


class Merged:
    """The merged points of one tag; a poll that only brought newer steps costs only those."""

    def __init__(self) -> None:
        self._built: tuple[tuple[Points, int, int, int], ...] = ()
        self._counts: tuple[int, ...] = ()
        self.points: Points | None = None
        """What `columns` is made of; another object where it is not the old one, longer."""
        self.columns: Columns | None = None
        self.buckets: BucketRows | None = None
        """Which of the rows stand for several points."""
        self.tail: Tail | None = None

    def update(self, parts: Sequence[Part]) -> bool:
        """Bring `columns` up to date with the parts, oldest first; return whether it changed."""
        built = tuple((p.points, p.limit, p.mark, len(p.points.cuts)) for p in parts)
        counts = tuple(len(p.points) for p in parts)
        if built == self._built and counts == self._counts:
            return False
        if any(part.points.buckets is not None for part in parts):
            self._merge_buckets(parts)
        elif len(parts) == 1 and parts[0].is_plain:
            self._show(parts[0].points)
        else:
            self._merge(parts, follows=built == self._built and counts[:-1] == self._counts[:-1])
        self._built, self._counts = built, counts
        return True

    def _merge(self, parts: Sequence[Part], *, follows: bool) -> None:
        if follows and self.points is not None:
            new = parts[-1].columns(self._counts[-1])
            steps = new[0]
            if len(steps) and steps[0] > self.points.last_step and (np.diff(steps) > 0).all():
                self.points.append(*new)
                self._show(self.points)
                return
        steps, walls, values = merge_columns([part.columns() for part in parts])
        points = Points(values.dtype.str)
        points.append(steps, walls, values)
        self._show(points)

    def _merge_buckets(self, parts: Sequence[Part]) -> None:
        tables: list[Floats] = []
        columns: list[tuple[NDArray[Any], ...]] = []
        for part in parts:
            head, (steps, walls, table) = part.columns(), part.later()
            base = sum(len(other) for other in tables)
            which = np.concatenate((np.full(len(head[0]), -1), base + np.arange(len(steps))))
            pairs = zip(head, (steps, walls, table[:, BucketRows.MEAN]), strict=True)
            columns.append((*(np.concatenate(pair) for pair in pairs), which))
            tables.append(table)
        steps, walls, values, which = merge_columns(columns)
        rows = np.flatnonzero(which >= 0)
        self.points, self.columns = None, (steps, walls, values)
        self.buckets = BucketRows(rows, np.concatenate(tables)[which[rows]])
        self.tail = parts[0].points.tail if len(parts) == 1 and parts[0].is_plain else None

    def _show(self, points: Points) -> None:
        self.points = points
        self.buckets = self.tail = None
        self.columns = points.steps, points.wall_times, points.values


def merge_columns(parts: Sequence[tuple[NDArray[Any], ...]]) -> tuple[NDArray[Any], ...]:
    """Return the rows of all parts ascending in step, the first column; of one step the last
    part's last copy."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    ordered = columns[0][order]
    last = np.ones(len(order), bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    order = order[last]
    return tuple(column[order] for column in columns)
