"""What our own work costs the thread that trains: its time, not the clock's, which neighbours take.

Asking for it takes a microsecond, eight times a step: after the first sampled steps one in seven
is timed, and stands for the others. Seven, because steps are sampled in pairs.
"""

from __future__ import annotations

import time

FIRST = 256
EVERY = 7


class Stopwatch:
    """Times pieces of the sampled step under way."""

    def __init__(self) -> None:
        self._steps = 0
        self._weight = 1

    def begin_step(self) -> None:
        """Choose whether the sampled step that begins is timed."""
        self._steps += 1
        if self._steps > FIRST:
            self._weight = 0 if self._steps % EVERY else EVERY

    def start(self) -> float:
        """Return what `since` takes."""
        return time.thread_time() if self._weight else 0.0

    def since(self, began: float) -> float:
        """Return the seconds since `start`, times the number of steps that this one stands for."""
        return (time.thread_time() - began) * self._weight if self._weight else 0.0
