"""What the training thread has handed over and the timer thread has not written yet. Bounded.

Appending to a deque is atomic, so there is no lock on the training's side. What does not fit is
counted, detail first: wide records have a bound of their own, and where many scalars wait, a step
keeps only its losses. Marks still fit where nothing else does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lossmon import signals
from lossmon.records import Mark, RunMeta

MAX_POINTS = 150_000
"""Steps' worth of losses; with `MAX_VALUES` some 60 MB."""
MAX_VALUES = 300_000
"""Scalars of all steps; above it only losses are added."""
_LOSSES = (signals.LOSS.tag, signals.VAL_LOSS.tag)
_MAX_MARKS = 10_000
_WIDE_BYTES = 32 << 20
_MIN_WIDE = 8


class ScalarPoint(NamedTuple):
    """The scalars of one step."""

    step: int
    wall_time: float
    values: Mapping[str, float]


class WidePoint(NamedTuple):
    """The three tensors of one step, little-endian float32."""

    step: int
    wall_time: float
    tables: tuple[bytes, bytes, bytes]


class Queue:
    """Filled by the training thread, emptied by the timer thread."""

    def __init__(self) -> None:
        self.points: deque[ScalarPoint | Mark] = deque()
        self.wide: deque[WidePoint | RunMeta] = deque()
        """Metadata among the wide records: what follows it has its rows and columns."""
        self.dropped = 0
        """Records that did not fit, as a whole or but for their losses."""
        self.left_out = 0
        """Records that did not even come this far."""
        self._values_put = self._values_taken = 0

    def put_scalars(self, point: ScalarPoint) -> None:
        """Add the scalars of a step, or its losses alone, or count it as dropped."""
        if len(self.points) >= MAX_POINTS:
            self.dropped += 1
            return
        # One thread counts up and another counts down, so that neither needs a lock.
        if self._values_put - self._values_taken + len(point.values) > MAX_VALUES:
            losses = {tag: x for tag, x in point.values.items() if tag in _LOSSES}
            self.dropped += len(losses) < len(point.values)
            point = point._replace(values=losses)
        if point.values:
            self._values_put += len(point.values)
            self.points.append(point)

    def take_points(self, most: int) -> Iterator[ScalarPoint | Mark]:
        """Yield the oldest scalars and marks, at most `most`, and remove each as it is yielded."""
        for _ in range(min(len(self.points), most)):
            point = self.points.popleft()
            if isinstance(point, ScalarPoint):
                self._values_taken += len(point.values)
            yield point

    def put_mark(self, mark: Mark) -> None:
        """Add a mark; marks still fit where scalars no longer do."""
        if len(self.points) < MAX_POINTS + _MAX_MARKS:
            self.points.append(mark)
        else:
            self.dropped += 1

    def put_wide(self, point: WidePoint) -> None:
        """Add a wide record, or count it as dropped."""
        size = sum(map(len, point.tables)) or 1
        if len(self.wide) < max(_MIN_WIDE, _WIDE_BYTES // size):
            self.wide.append(point)
        else:
            self.dropped += 1

    def put_meta(self, meta: RunMeta) -> None:
        """Add a change of rows and columns; never dropped, what follows depends on it."""
        self.wide.append(meta)

    def drop_all(self) -> None:
        """Give up what has not been taken."""
        self.dropped += len(self.points) + len(self.wide)
        self.points.clear()
        self.wide.clear()
