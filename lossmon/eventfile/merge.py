"""Points of several files as one: a newer copy of a step wins, what a restart cut off is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.points import Points
from lossmon.records import Floats, Steps

NO_LIMIT = int(np.iinfo(np.int64).max)
Columns = tuple[Steps, Floats, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rows and columns of an older table stand in the newest one."""

    shape: tuple[int, int]
    source_rows: tuple[int, ...]
    target_rows: tuple[int, ...]
    source_columns: tuple[int, ...]
    target_columns: tuple[int, ...]

    def apply(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return shape (n, *shape); NaN where the older table has no such row or column."""
        placed = np.full((len(values), *self.shape), np.nan, np.float32)
        source = values[:, list(self.source_rows)][:, :, list(self.source_columns)]
        rows = np.array(self.target_rows, np.intp)[:, None]
        placed[:, rows, np.array(self.target_columns, np.intp)] = source
        return placed


@dataclass(frozen=True, slots=True)
class Part:
    """The points of one file, and which of them still count."""

    points: Points
    limit: int = NO_LIMIT
    """A later start superseded the points from this step on."""
    layout: Layout | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the points can be shown as they are."""
        points = self.points
        above = not len(points) or points.last_step < self.limit
        return points.ascending and not points.cuts and above and self.layout is None

    def columns(self, first: int = 0) -> Columns:
        """Return what counts of the points from the `first` on, in file order."""
        points = self.points
        kept = points.kept(first) & (points.steps[first:] < self.limit)
        values = points.values[first:][kept]
        placed = values if self.layout is None else self.layout.apply(values)
        return points.steps[first:][kept], points.wall_times[first:][kept], placed


class Merged:
    """The merged points of one tag; a poll that only brought newer steps costs only those."""

    def __init__(self) -> None:
        self._built: tuple[tuple[Points, int, Layout | None, int], ...] = ()
        self._counts: tuple[int, ...] = ()
        self._points: Points | None = None
        self.columns: Columns | None = None

    def update(self, parts: Sequence[Part]) -> bool:
        """Bring `columns` up to date with the parts, oldest first; return whether it changed."""
        built = tuple((p.points, p.limit, p.layout, len(p.points.cuts)) for p in parts)
        counts = tuple(len(p.points) for p in parts)
        if built == self._built and counts == self._counts:
            return False
        if len(parts) == 1 and parts[0].is_plain:
            points, self._points = parts[0].points, None
            self.columns = points.steps, points.wall_times, points.values
        else:
            self._merge(parts, follows=built == self._built and counts[:-1] == self._counts[:-1])
        self._built, self._counts = built, counts
        return True

    def _merge(self, parts: Sequence[Part], *, follows: bool) -> None:
        if follows and self._points is not None:
            new = parts[-1].columns(self._counts[-1])
            steps = new[0]
            if len(steps) and steps[0] > self._points.last_step and (np.diff(steps) > 0).all():
                self._keep(self._points, new)
                return
        merged = merge_columns([part.columns() for part in parts])
        self._points = Points(merged[2].dtype.str, merged[2].shape[1:])
        self._keep(self._points, merged)

    def _keep(self, points: Points, columns: Columns) -> None:
        points.append(*columns)
        self.columns = points.steps, points.wall_times, points.values


def merge_columns(parts: Sequence[Columns]) -> Columns:
    """Return the points of all parts ascending in step; of one step the last part's last copy."""
    steps, walls, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    last = np.ones(len(order), bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    order = order[last]
    return steps[order], walls[order], values[order]
