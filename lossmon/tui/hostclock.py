"""What the clock of a run's host shows, told by watching the run grow.

A log carries the times of the machine that wrote it. Where that clock is minutes off, a run that
trains would look dead; once its log grows as fast as time goes by, the difference is known.
"""

from __future__ import annotations

_SLACK_S = 5.0
"""Seconds of log that one poll may bring beyond the time since the last."""


class HostClock:
    """The clock behind one run's log."""

    def __init__(self, wall: float, now: float) -> None:
        """`wall`: last wall time in the log, when it was first seen, at our time `now`."""
        self._wall, self._seen = wall, now
        self._ahead = 0.0
        """Seconds by which the host's clock is ahead of ours, as far as is known."""

    def at(self, wall: float, now: float) -> float:
        """Return the host's time at our time `now`, the last wall time in its log being `wall`."""
        if wall > self._wall:
            # A log that is still being copied grows much faster, and tells nothing.
            in_step = wall - self._wall <= now - self._seen + _SLACK_S
            self._ahead = wall - now if in_step else 0.0
            self._wall, self._seen = wall, now
        return now + self._ahead
