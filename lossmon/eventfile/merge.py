"""Points of several files as one: a newer copy of a step wins, what a restart cut off is gone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossmon.eventfile.longseries import LongSeries
from lossmon.eventfile.part import Columns, Part, merge_columns
from lossmon.eventfile.points import Points
from lossmon.records import BucketRows, RawEnd


class Merged:
    """The merged points of one tag; a poll that only brought newer steps costs only those."""

    def __init__(self) -> None:
        self._built: tuple[tuple[Points, int, int, int], ...] = ()
        self._counts: tuple[int, ...] = ()
        self.points: Points | None = None
        """What `columns` is made of; another object where it is not the old one, longer."""
        self.columns: Columns | None = None
        self._long = LongSeries()
        self.buckets: BucketRows | None = None
        """Which of the rows stand for several points."""
        self.tail: RawEnd | None = None

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
        self.points = None
        self.columns, self.buckets, self.tail = self._long.merged(parts)

    def _show(self, points: Points) -> None:
        self.points = points
        self.buckets = self.tail = None
        self.columns = points.steps, points.wall_times, points.values
