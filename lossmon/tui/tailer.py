"""The reading thread: polls, and hands each snapshot on. Never ends before the program does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from lossmon.tui.following import follow
from lossmon.tui.snapshot import Snapshot

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source

_HEAD_START_S = 1.0
"""At most so long reading waits until the first curves are drawn: both want the interpreter."""


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
        self._drawn = threading.Event()

    def run(self) -> None:
        """Poll until `stop`."""
        is_drawn = False
        for snapshot in follow(self._source, self._interval_s, self._pause):
            if self._ended.is_set():
                return
            self._publish(snapshot)
            if snapshot.runs and not is_drawn:
                is_drawn = True
                self._drawn.wait(_HEAD_START_S)

    def go_on(self) -> None:
        """Read on: the first curves are on the screen."""
        self._drawn.set()

    def stop(self) -> None:
        """End the thread after the poll that is under way; returns at once."""
        self._ended.set()
        self._drawn.set()

    def _pause(self, seconds: float) -> bool:
        return not self._ended.wait(seconds)
