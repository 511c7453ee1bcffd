"""The points of one tag of one file, in file order: steps, wall times, values.

A view handed out stays as it is for good, so that a Run never changes and a poll costs what is new.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.buckets import Buckets, Rows
from lossmon.eventfile.column import Column
from lossmon.records import Floats, RawEnd, Steps

_MAX_CUTS = 1000


class Points:
    """Every point up to a number of them, buckets of points behind it."""

    def __init__(self, dtype: str = "<f8", *, head: int | None = None) -> None:
        """`head`: a multiple of 8, so many points are kept whole; None: all of them."""
        self._steps = Column("<i8")
        self._walls = Column("<f8")
        self._values = Column(dtype)
        self._head = head
        self._buckets: Buckets | None = None
        self._rows: Rows | None = None
        self._count = 0
        self.ascending = True
        """Whether every step is higher than the one before it."""
        self.first_step = 0
        """Lowest step so far."""
        self.last_step = 0
        """Highest step so far."""
        self.cuts: list[tuple[int, int]] = []
        """(n, step) for every restart in the file: of the first n points those from `step` on are
        superseded."""

    def __len__(self) -> int:
        """Return the number of points that the file held."""
        return self._count

    @property
    def steps(self) -> Steps:
        """Steps of the points kept one by one, shape (n,)."""
        return self._steps.view()

    @property
    def wall_times(self) -> Floats:
        """Their wall times, shape (n,)."""
        return self._walls.view()

    @property
    def values(self) -> NDArray[Any]:
        """Their values, shape (n,)."""
        return self._values.view()

    @property
    def buckets(self) -> Buckets | None:
        """What is kept of the points behind the head; None where there are none."""
        return self._buckets

    @property
    def later(self) -> Rows | None:
        """The rows of `buckets`."""
        if self._buckets is not None and self._rows is None:
            self._rows = self._buckets.rows()
        return self._rows

    @property
    def tail(self) -> RawEnd | None:
        """The newest rows of `later` and the buckets that will take their place."""
        if self._buckets is None:
            return None
        before, rows = self._buckets.settled()
        return RawEnd(len(self._steps) + before, *rows)

    def append(self, steps: Steps, wall_times: Floats, values: NDArray[Any]) -> None:
        """Append points in file order."""
        if not len(steps):
            return
        low = high = int(steps[0])
        follows = not self._count or low > self.last_step
        if len(steps) > 1:
            low, high = int(steps.min()), int(steps.max())
            follows = follows and bool((steps[1:] > steps[:-1]).all())
        self.ascending &= follows
        self.first_step = min(low, self.first_step) if self._count else low
        self.last_step = max(high, self.last_step) if self._count else high
        self._count += len(steps)
        room = len(steps) if self._head is None else self._head - len(self._steps)
        columns = (self._steps, self._walls, self._values)
        for column, new in zip(columns, (steps, wall_times, values), strict=True):
            column.append(new[:room])
        if len(steps) > room and self._head is not None:
            self._buckets = self._buckets or Buckets(self._head)
            self._buckets.append(steps[room:], wall_times[room:], values[room:])
            self._rows = None

    def cut(self, count: int, step: int) -> None:
        """Supersede those of the first `count` points that stand at `step` or later."""
        if count and self.last_step >= step and len(self.cuts) < _MAX_CUTS:
            self.cuts.append((count, step))

    def kept(self, first: int = 0) -> NDArray[np.bool_]:
        """Return which points, from the `first` on, no later restart in the file superseded.

        Of those kept one by one: a restart that far on in the same file is not looked for.
        """
        limits = np.full(len(self._steps) - first, np.iinfo(np.int64).max)
        for count, step in self.cuts:
            reached = limits[: max(0, count - first)]
            np.minimum(reached, step, out=reached)
        kept: NDArray[np.bool_] = self.steps[first:] < limits
        return kept
