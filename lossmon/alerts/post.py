"""Takes snapshots, and has what they are worth sent on every way, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lossmon.alerts.alarms import Alarms
from lossmon.alerts.alert import Alert
from lossmon.alerts.memory import Memory, waiting
from lossmon.alerts.outbox import PER_HOUR, Outbox
from lossmon.alerts.sender import Sender
from lossmon.alerts.way import Way

if TYPE_CHECKING:
    from lossmon.tui.snapshot import Snapshot


class Post:
    """The alarms, a sender a way, and the memory of both."""

    def __init__(
        self,
        alarms: Alarms,
        memory: Memory | None,
        ways: Mapping[str, Way],
        note: Callable[[str], object],
        *,
        kept: Mapping[str, Any] | None = None,
        per_hour: int = PER_HOUR,
    ) -> None:
        """`kept`: what the memory held; what waited then is sent first."""
        self._alarms, self._memory, self._note = alarms, memory, note
        self._has_noted = False
        self._senders = {
            name: Sender(Outbox(way, note, per_hour=per_hour)) for name, way in ways.items()
        }
        for name, sender in self._senders.items():
            sender.put(waiting(kept or {}, name))

    def take(self, snapshot: Snapshot) -> list[Alert]:
        """Send what a snapshot is worth; return it."""
        alerts = self._alarms.take(snapshot)
        self.send(alerts)
        return alerts

    def send(self, alerts: Iterable[Alert]) -> None:
        """Have alerts sent on every way."""
        told = list(alerts)
        for sender in self._senders.values():
            sender.put(told)

    def remember(self, *, at_end: bool = False) -> None:
        """Keep what a restart is to know."""
        if self._memory is None:
            return
        left = {name: sender.waiting for name, sender in self._senders.items()}
        problem = self._memory.write(self._alarms.keep(), left, always=at_end)
        if problem and not self._has_noted:
            self._has_noted = True
            self._note(f"what was sent cannot be remembered ({problem}): a restart sends it again")

    def close(self, patience_s: float) -> int:
        """End the senders; return how many alerts were not sent, on whatever way."""
        for sender in self._senders.values():
            sender.close(patience_s)
        self.remember(at_end=True)
        return sum(len(s.waiting) + s.outbox.lost for s in self._senders.values())
