"""The thread of one way: a server that does not answer holds up nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from lossmon.alerts.alert import Alert
from lossmon.alerts.outbox import Outbox


class Sender:
    """Works an outbox until it is closed."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self._lock = threading.Condition()
        self._new: list[Alert] = []
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="lossmon-alerts", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> list[Alert]:
        """What is not sent yet."""
        with self._lock:
            return [*self.outbox.alerts, *self._new]

    def put(self, alerts: Iterable[Alert]) -> None:
        """Have alerts sent, in order; returns at once."""
        with self._lock:
            self._new += alerts
            self._lock.notify()

    def close(self, patience_s: float) -> None:
        """End the thread once nothing waits, or after `patience_s`."""
        with self._lock:
            self._is_closing = True
            self._lock.notify()
        self._thread.join(patience_s)

    def _work(self) -> None:
        due: float | None = None
        while True:
            with self._lock:
                if not self._new:
                    if self._is_closing and due is None:
                        return
                    wait = None if due is None else max(0.0, due - time.monotonic())
                    self._lock.wait(wait)
                new, self._new = self._new, []
                self.outbox.put(new, time.monotonic())
            due = self.outbox.work(time.monotonic())
