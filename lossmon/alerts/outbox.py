"""Alerts on one way until they are sent: tried again with back-off, at a bounded rate.

What is over the rate, and what could not be sent in an hour, is given up and counted: a message
that comes after the run has been mended helps nobody, and a flood least of all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lossmon.alerts.alert import Alert
from lossmon.alerts.way import Way, WayFailed

FIRST_S, LONGEST_S = 1.0, 300.0
"""Back-off: doubled from the one to the other."""
GIVE_UP_S = 3600.0
PER_HOUR = 30
_HOUR_S = 3600.0


@dataclass(slots=True)
class _Waiting:
    alert: Alert
    since: float
    due: float
    failures: int = 0


class Outbox:
    """Knows no clock and no thread: `work` is told the time, and tells when to come again."""

    def __init__(
        self, way: Way, note: Callable[[str], object], *, per_hour: int = PER_HOUR
    ) -> None:
        """`note` takes one line for the user."""
        self.way = way
        self.lost = 0
        """Alerts that were given up."""
        self._note = note
        self._per_hour = per_hour
        self._waiting: deque[_Waiting] = deque()
        self._sent: deque[float] = deque()

    @property
    def alerts(self) -> list[Alert]:
        """Those that are not sent yet."""
        return [waiting.alert for waiting in list(self._waiting)]

    def put(self, alerts: Iterable[Alert], now: float) -> None:
        """Have alerts sent by the next `work`."""
        self._waiting.extend(_Waiting(alert, now, now) for alert in alerts)

    def work(self, now: float) -> float | None:
        """Send what is due, in order; return when to come again, None where nothing waits."""
        while self._waiting and self._waiting[0].due <= now:
            first = self._waiting[0]
            while self._sent and self._sent[0] <= now - _HOUR_S:
                self._sent.popleft()
            if len(self._sent) >= self._per_hour:
                self._give_up(f"more than {self._per_hour} alerts in an hour")
                continue
            try:
                self.way.send(first.alert)
            except WayFailed as failed:
                self._failed(first, failed, now)
                continue
            self._waiting.popleft()
            self._sent.append(now)
        return self._waiting[0].due if self._waiting else None

    def _failed(self, first: _Waiting, failed: WayFailed, now: float) -> None:
        if failed.is_final or now - first.since >= GIVE_UP_S:
            self._give_up(str(failed))
            return
        first.failures += 1
        wait = max(failed.wait_s, min(LONGEST_S, FIRST_S * 2 ** (first.failures - 1)))
        first.due = now + wait
        if first.failures == 1:
            self._note(f"{self.way.name}: {failed}; tried again until it works")

    def _give_up(self, reason: str) -> None:
        title = self._waiting.popleft().alert.title
        self.lost += 1
        self._note(f"{self.way.name}: {reason}; not sent: {title}")
