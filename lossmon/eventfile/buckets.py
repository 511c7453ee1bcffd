"""What is kept of a long series: buckets whose borders depend on a point's number alone.

After the first `head` points come buckets of 8 points, of 16 from point 2 * `head` on, of 32 from
4 * `head` on, and so forth: memory grows with the logarithm of the run's length, and what was
bucketed once stays as it is, however the file was read. The newest points are kept whole as well.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.column import Column
from lossmon.records import BucketRows, Floats, Steps

FIRST_WIDTH = 8
TAIL = 4096
"""So many of the newest points are kept whole, at least."""


class Rows(NamedTuple):
    """Buckets, or single points as buckets of one; the values are those of `BucketRows.table`."""

    steps: Steps
    """Last step of each bucket, of the first point for those that are not finite."""
    wall_times: Floats
    values: Floats


class Buckets:
    """The points of one series behind its head."""

    def __init__(self, head: int) -> None:
        self._head = head
        self._done = head
        """Number of the first point that is in no bucket yet."""
        self._steps, self._walls = Column("<i8"), Column("<f8")
        self._values = Column("<f8", (BucketRows.WIDTH,))
        self._ends = Column("<i8")
        """For each row the number of the point behind its bucket."""
        self._tail: tuple[Steps, Floats, Floats] = (np.zeros(0, "i8"), np.zeros(0), np.zeros(0))
        self._tail_first = head

    def append(self, steps: Steps, wall_times: Floats, values: Floats) -> None:
        """Take in the points that come next."""
        tail = self._tail
        self._tail = (
            np.concatenate((tail[0], steps)),
            np.concatenate((tail[1], wall_times)),
            np.concatenate((tail[2], values)),
        )
        stop = self._tail_first + len(self._tail[0])
        while True:
            width, octave_end = self._octave(self._done)
            count = (min(stop, octave_end) - self._done) // width
            if not count:
                break
            at = self._done - self._tail_first
            taken, shape = slice(at, at + count * width), (count, width)
            steps, walls, values = self._tail
            self._add(
                steps[taken].reshape(shape),
                walls[taken].reshape(shape),
                values[taken].reshape(shape),
            )
            self._done += count * width
        self._shorten(stop)

    def rows(self) -> Rows:
        """Return the buckets up to the tail, then every point of the tail."""
        steps, walls, values = self._tail
        before = int(np.searchsorted(self._ends.view(), self._tail_first, side="right"))
        tail = singles(steps, walls, values)
        return Rows(*(np.concatenate(p) for p in zip(self._until(before), tail, strict=True)))

    def settled(self) -> tuple[int, Rows]:
        """Return how many rows of `rows` are buckets, and the buckets that cover the tail."""
        ends = self._ends.view()
        before = int(np.searchsorted(ends, self._tail_first, side="right"))
        columns = (self._steps, self._walls, self._values)
        return before, Rows(*(column.view()[before:] for column in columns))

    def _until(self, row: int) -> tuple[NDArray[Any], ...]:
        return tuple(c.view()[:row] for c in (self._steps, self._walls, self._values))

    def _octave(self, number: int) -> tuple[int, int]:
        """Return the width of buckets at a point's number, and where that width ends."""
        octave = (number // self._head).bit_length() - 1
        return FIRST_WIDTH << octave, self._head << (octave + 1)

    def _add(self, steps: Steps, walls: Floats, values: Floats) -> None:
        width = values.shape[1]
        finite: NDArray[np.bool_] = np.isfinite(values)
        found = finite.sum(axis=1)
        good, bad = found > 0, found < width
        rows = [_finite_rows(steps, walls, values, finite, good)]
        ends = [self._done + width * (np.flatnonzero(good) + 1)]
        if bad.any():
            rows.append(_bad_rows(steps[bad], walls[bad], values[bad], finite[bad]))
            ends.append(self._done + width * (np.flatnonzero(bad) + 1))
        columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
        order = np.lexsort((columns[0], np.concatenate(ends)))
        for column, new in zip((self._steps, self._walls, self._values), columns, strict=True):
            column.append(new[order])
        self._ends.append(np.concatenate(ends)[order])

    def _shorten(self, stop: int) -> None:
        """Let go of the points that are in buckets and not among the newest."""
        wanted = min(self._done, max(self._head, stop - TAIL))
        width, _ = self._octave(max(wanted, self._head))
        first = wanted - wanted % width
        if first > self._tail_first:
            drop, (steps, walls, values) = first - self._tail_first, self._tail
            self._tail = (steps[drop:].copy(), walls[drop:].copy(), values[drop:].copy())
            self._tail_first = first


def singles(steps: Steps, wall_times: Floats, values: Floats) -> Rows:
    """Return points as buckets of one."""
    ones, zeros = np.ones(len(steps)), np.zeros(len(steps))
    at = steps.astype(np.float64)
    columns = (values, values, values, ones, zeros, values, at, at)
    return Rows(steps, wall_times, np.stack(columns, axis=1))


def _finite_rows(
    steps: Steps, walls: Floats, values: Floats, finite: NDArray[np.bool_], good: NDArray[np.bool_]
) -> Rows:
    steps, walls, values, finite = steps[good], walls[good], values[good], finite[good]
    each = np.arange(len(values))
    first = finite.argmax(axis=1)
    last = finite.shape[1] - 1 - finite[:, ::-1].argmax(axis=1)
    count = finite.sum(axis=1)
    # Losses near the largest float sum to infinity: then that is what their mean says.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(finite, values, 0.0).sum(axis=1) / count
        m2 = np.where(finite, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    low = np.where(finite, values, np.inf).min(axis=1)
    high = np.where(finite, values, -np.inf).max(axis=1)
    columns = (mean, low, high, count, m2, values[each, last], steps[each, first], steps[:, -1])
    return Rows(steps[each, last], walls[each, last], np.stack(columns, axis=1).astype(np.float64))


def _bad_rows(steps: Steps, walls: Floats, values: Floats, finite: NDArray[np.bool_]) -> Rows:
    each, first = np.arange(len(values)), (~finite).argmax(axis=1)
    value, step = values[each, first], steps[each, first]
    count = (~finite).sum(axis=1)
    columns = (value, value, value, count, np.zeros(len(value)), value, step, steps[:, -1])
    return Rows(step, walls[each, first], np.stack(columns, axis=1).astype(np.float64))
