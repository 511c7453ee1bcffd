"""What the training thread has handed over and the timer thread has not written yet. Bounded.

Appending to a deque is atomic, so there is no lock on the training's side. What does not fit is
counted: wide records first, which have a bound of their own far below that of the scalars.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from lossmon.records import Mark, RunMeta

MAX_POINTS = 100_000
"""Steps' worth of scalars: some 60 MB."""
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

    def put_scalars(self, point: ScalarPoint) -> None:
        """Add the scalars of a step, or count them as dropped."""
        if len(self.points) < MAX_POINTS:
            self.points.append(point)
        else:
            self.dropped += 1

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

    @property
    def is_empty(self) -> bool:
        """Whether everything has been taken."""
        return not (self.points or self.wide)

    def drop_all(self) -> None:
        """Give up what has not been taken."""
        self.dropped += len(self.points) + len(self.wide)
        self.points.clear()
        self.wide.clear()
