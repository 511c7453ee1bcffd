"""Columns that only grow: steps, wall times and values of one tag of one file, in file order.

A view of the first n points stays as it is for good, so that a Run handed out never changes and a
poll costs what is new.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.records import Floats, Steps

_CAPACITY = 64
_MAX_CUTS = 1000


class _Column:
    def __init__(self, dtype: str, row: tuple[int, ...] = ()) -> None:
        self._data: NDArray[Any] = np.empty((0, *row), dtype)
        self._size = 0

    def append(self, rows: NDArray[Any]) -> None:
        size = self._size + len(rows)
        if size > len(self._data):
            capacity = max(_CAPACITY if self._size else 0, size, self._size + self._size // 2)
            grown = np.empty((capacity, *self._data.shape[1:]), self._data.dtype)
            grown[: self._size] = self._data[: self._size]
            self._data = grown
        self._data[self._size : size] = rows
        self._size = size

    def view(self) -> NDArray[Any]:
        view = self._data[: self._size]
        view.flags.writeable = False
        return view


class Points:
    """All points of one tag in one file, in the order in which they were written."""

    def __init__(self, dtype: str = "<f8", row: tuple[int, ...] = ()) -> None:
        self._steps = _Column("<i8")
        self._walls = _Column("<f8")
        self._values = _Column(dtype, row)
        self._count = 0
        self.row = row
        """Shape of one value."""
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
        return self._count

    @property
    def steps(self) -> Steps:
        """Steps, shape (n,)."""
        return self._steps.view()

    @property
    def wall_times(self) -> Floats:
        """Wall times, shape (n,)."""
        return self._walls.view()

    @property
    def values(self) -> NDArray[Any]:
        """Values, shape (n, *row)."""
        return self._values.view()

    def append(self, steps: Steps, wall_times: Floats, values: NDArray[Any]) -> None:
        """Append points in file order."""
        if not len(steps):
            return
        low, high = int(steps.min()), int(steps.max())
        follows = not self._count or int(steps[0]) > self.last_step
        self.ascending &= follows and bool((steps[1:] > steps[:-1]).all())
        self.first_step = min(low, self.first_step) if self._count else low
        self.last_step = max(high, self.last_step) if self._count else high
        self._steps.append(steps)
        self._walls.append(wall_times)
        self._values.append(values)
        self._count += len(steps)

    def cut(self, count: int, step: int) -> None:
        """Supersede those of the first `count` points that stand at `step` or later."""
        if count and self.last_step >= step and len(self.cuts) < _MAX_CUTS:
            self.cuts.append((count, step))

    def kept(self, first: int = 0) -> NDArray[np.bool_]:
        """Return which points, from the `first` on, no later restart in the file superseded."""
        limits = np.full(self._count - first, np.iinfo(np.int64).max)
        for count, step in self.cuts:
            reached = limits[: max(0, count - first)]
            np.minimum(reached, step, out=reached)
        kept: NDArray[np.bool_] = self.steps[first:] < limits
        return kept
