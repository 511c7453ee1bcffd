"""What counts of the points of one file, where later starts superseded some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.buckets import Rows
from lossmon.eventfile.points import Points
from lossmon.records import BucketRows, Floats, Steps

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
        if self.is_plain:
            return points.steps[first:], points.wall_times[first:], points.values[first:]
        kept = points.kept(first) & (points.steps[first:] < self.limit)
        values = points.values[first:][kept]
        marked = values | self.mark if self.mark else values
        return points.steps[first:][kept], points.wall_times[first:][kept], marked

    def later(self) -> Rows | None:
        """Return what counts of the rows behind the points that are kept one by one.

        Of a bucket that a later start cut in two, nothing: less than a bucket is lost.
        """
        rows = self.points.later
        if rows is None or self.points.last_step < self.limit:
            return rows
        kept = rows.values[:, BucketRows.END] < self.limit
        return Rows(rows.steps[kept], rows.wall_times[kept], rows.values[kept])


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
