"""How much to ask for at a time, and how long to wait before asking again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

_LEAST, _MOST = 32 << 10, 16 << 20
_SHORT_S, _LONG_S = 0.25, 0.75
_LISTING_SHARE = 0.1
_LONGEST_S = 5.0
_RECENT_S, _IDLE_S = 10.0, 600.0
_BACK_OFF_S = (1.0, 30.0)


@dataclass(slots=True)
class Budget:
    """Bytes of one round: as many as a line carries in half a second.

    What is under way cannot be overtaken, so this is how long a fresh scalar waits behind a file
    of wide records.
    """

    bytes: int = 256 << 10

    def spent(self, seconds: float, *, used: bool) -> None:
        """Learn from a round; one that had less to bring than it might says nothing."""
        if seconds > _LONG_S:
            self.bytes = max(self.bytes // 2, _LEAST)
        elif used and seconds < _SHORT_S:
            self.bytes = min(self.bytes * 2, _MOST)


@dataclass(slots=True)
class Rhythm:
    """Pauses between rounds: short while something grows, long where nothing does."""

    quickest_s: float = 0.25
    _last_news: float = field(default_factory=time.monotonic)

    def pause(self, *, news: bool, cost_s: float) -> float:
        """Return the seconds to wait; listing may take a tenth of the other side's time."""
        now = time.monotonic()
        if news:
            self._last_news = now
        quiet = now - self._last_news
        pause = self.quickest_s if quiet < _RECENT_S else max(self.quickest_s, 1.0)
        if quiet > _IDLE_S:
            pause = _LONGEST_S
        listing = 0.0 if math.isnan(cost_s) else cost_s / _LISTING_SHARE
        return max(pause, min(listing, _LONGEST_S))


@dataclass(slots=True)
class BackOff:
    """Pauses between attempts to connect."""

    _next_s: float = _BACK_OFF_S[0]

    def next(self) -> float:
        """Return the seconds until the next attempt: twice as long each time."""
        pause, self._next_s = self._next_s, min(2 * self._next_s, _BACK_OFF_S[1])
        return pause

    def reset(self) -> None:
        """Begin again: there was a connection."""
        self._next_s = _BACK_OFF_S[0]
