"""The reading thread: polls, and hands each snapshot on. Never ends before the program does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from lossmon.tui.snapshot import Snapshot

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source
    from lossmon.tui.polling import Poller

_READING_SHARE = 0.25
"""Share of the time that reading may take: a slow file system is asked less often."""
_LONGEST_S = 5.0


class Tailer(threading.Thread):
    """Polls the source's folder every `interval_s`; calls `publish` from this thread."""

    def __init__(
        self, source: Source, publish: Callable[[Snapshot], object], *, interval_s: float
    ) -> None:
        super().__init__(name="lossmon-tailer", daemon=True)
        self._source = source
        self._publish = publish
        self._interval_s = interval_s
        self._ended = threading.Event()
        self._last = Snapshot()

    def run(self) -> None:
        """Poll until `stop`."""
        # Here and not above: numpy and the reader take 180 ms, and the first frame needs neither.
        from lossmon.tui.polling import Poller

        poller = Poller(self._source)
        while not self._ended.is_set():
            begun = time.monotonic()
            self._poll(poller)
            cost = time.monotonic() - begun
            pause = max(self._interval_s, cost / _READING_SHARE) - cost
            self._ended.wait(min(pause, _LONGEST_S))

    def stop(self) -> None:
        """End the thread after the poll that is under way; returns at once."""
        self._ended.set()

    def _poll(self, poller: Poller) -> None:
        try:
            for snapshot in poller.poll():
                if self._ended.is_set():
                    return
                self._last = snapshot
                self._publish(snapshot)
        except Exception as error:  # a screen that stands still without a word would be worse
            problem = f"reading fails: {type(error).__name__}: {error}"
            if self._last.problem != problem:
                self._last = replace(self._last, problem=problem)
                self._publish(self._last)
