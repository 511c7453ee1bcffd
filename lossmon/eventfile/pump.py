"""The timer thread: takes what the training handed over, and has it written."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from lossmon.eventfile.liveness import ALIVE_EVERY_S
from lossmon.eventfile.logfiles import LogFiles
from lossmon.eventfile.queue import Queue, ScalarPoint, WidePoint
from lossmon.records import Mark, RunMeta

_TAKEN_AT_ONCE = 20_000
_JOIN_S = 5.0
"""How long a close waits for a disk that does not answer."""


class Pump:
    """Owns the thread and the files; knows nothing of the writer, so that this can be freed."""

    def __init__(
        self, folder: Path, stem: str, meta: RunMeta, queue: Queue, *, flush_s: float
    ) -> None:
        self._queue = queue
        self._flush_s = flush_s
        self._files = LogFiles(folder, stem, meta, warn=self._warn)
        self._next_alive = time.monotonic() + ALIVE_EVERY_S
        self._reported = 0
        self._warned = False
        self._pid = os.getpid()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="lossmon-writer", daemon=True)

    @property
    def dropped(self) -> int:
        """Records that are not in the files and will not come."""
        return self._queue.dropped + self._files.lost

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Have everything written, close the files, end the thread; again: nothing happens."""
        if os.getpid() != self._pid:
            return  # a fork has no such thread, and the files are its parent's
        self._stopping.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)

    def _work(self) -> None:
        while not self._stopping.wait(self._flush_s):
            self._flush()
        self._flush()
        while not self._queue.is_empty and not self._files.is_blocked:
            self._flush()
        self._queue.drop_all()
        self._files.close()

    def _flush(self) -> None:
        try:
            if not self._files.is_blocked:
                self._files.add(self._taken_points())
                self._take_wide()
                self._add_notes()
            self._files.flush()
        except Exception as error:  # whatever it is, the training must not end by it
            self._files.lost += 1
            self._warn(f"{type(error).__name__}: {error}")

    def _taken_points(self) -> Iterator[ScalarPoint | Mark]:
        points = self._queue.points
        for _ in range(min(len(points), _TAKEN_AT_ONCE)):
            yield points.popleft()

    def _take_wide(self) -> None:
        wide = self._queue.wide
        taken: list[WidePoint] = []
        for _ in range(len(wide)):
            point = wide.popleft()
            if isinstance(point, WidePoint):
                taken.append(point)
            else:
                self._files.add_wide(taken)
                taken = []
                self._files.change_meta(point)
        self._files.add_wide(taken)

    def _add_notes(self) -> None:
        """Add a heartbeat when it is due, and the losses once the queue has emptied again."""
        if not self._files.has_begun:
            return
        if time.monotonic() >= self._next_alive:
            self._next_alive = time.monotonic() + ALIVE_EVERY_S
            self._files.add_alive()
        dropped = self.dropped
        if dropped != self._reported and self._queue.is_empty:
            self._reported = dropped
            self._files.add_dropped(dropped)

    def _warn(self, reason: str) -> None:
        if self._warned:
            return
        self._warned = True
        text = f"lossmon: {reason}; training goes on, what cannot be kept is counted as dropped"
        try:
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        except RuntimeWarning:  # where warnings are errors: still not the training's business
            return
