"""The timer thread: takes what the training handed over, and has it written."""

from __future__ import annotations

import os
import threading
import time
import warnings
from pathlib import Path

from lossmon.eventfile.liveness import ALIVE_EVERY_S
from lossmon.eventfile.logfiles import LogFiles
from lossmon.eventfile.queue import Queue, WidePoint
from lossmon.records import RunMeta

_TAKEN_AT_ONCE = 20_000
_TICK = 0.8
"""Share of the flush interval between two ticks: a busy machine wakes the thread late, and the
write takes its time too; what is lost to a kill must still be less than the interval."""
_JOIN_S = 5.0
"""How long a close waits for a disk that does not answer."""
_NOTE_EVERY_S = 10.0
"""Losses that go on are noted this often; readers keep 10,000 marks."""


class Pump:
    """Owns the thread and the files; knows nothing of the writer, so that this can be freed."""

    def __init__(
        self, folder: Path, stem: str, meta: RunMeta, queue: Queue, *, flush_s: float
    ) -> None:
        self._queue = queue
        self._tick_s = _TICK * flush_s
        self._files = LogFiles(folder, stem, meta, warn=self.warn)
        self._next_alive = time.monotonic() + ALIVE_EVERY_S
        self._noted, self._noted_at = 0, 0.0
        self._warned: set[str] = set()
        self._pid = os.getpid()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="lossmon-writer", daemon=True)

    @property
    def dropped(self) -> int:
        """Records that are not in the files and will not come."""
        return self._queue.dropped + self._queue.left_out + self._files.lost

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Have everything written, close the files, end the thread; again: nothing happens.

        Returns after 5 s at the latest; a disk that has not answered by then may still do so.
        """
        if os.getpid() != self._pid:
            return  # a fork has no such thread, and the files are its parent's
        self._stopping.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():
                self.warn("close", f"the disk of the log has not answered for {_JOIN_S:.0f} s")

    def warn(self, kind: str, reason: str) -> None:
        """Warn, once for each kind of failure; never raises."""
        if kind in self._warned:
            return
        self._warned.add(kind)
        text = f"lossmon: {reason}; training goes on, what cannot be kept is counted as dropped"
        try:
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        except RuntimeWarning:  # where warnings are errors: still not the training's business
            return

    def _work(self) -> None:
        due = time.monotonic() + self._tick_s
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            # From the start of one flush to the start of the next, but never without a pause.
            due = time.monotonic() + self._tick_s
            self._flush()
            due = max(due, time.monotonic() + self._tick_s / 4)
        self._flush()
        while self._can_go_on():
            self._flush()
        self._queue.drop_all()
        self._noted_at = 0.0
        self._flush()
        self._files.close()

    def _flush(self) -> None:
        try:
            # Each file for itself: losses go on where a wide record does not fit any more.
            if not self._files.scalars_wait:
                self._files.add(self._queue.take_points(_TAKEN_AT_ONCE))
                self._add_notes()
            if not self._files.wide_waits:
                self._take_wide()
            self._files.flush()
        except Exception as error:  # whatever it is, the training must not end by it
            self._files.lose("internal", f"{type(error).__name__}: {error}")

    def _can_go_on(self) -> bool:
        points, wide = self._queue.points, self._queue.wide
        return bool(
            (points and not self._files.scalars_wait) or (wide and not self._files.wide_waits)
        )

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
        """Add a heartbeat when it is due, and the losses: at once, then every so often."""
        if not self._files.has_begun:
            return
        now = time.monotonic()
        if now >= self._next_alive:
            self._next_alive = now + ALIVE_EVERY_S
            self._files.add_alive()
        dropped = self.dropped
        if dropped != self._noted and (not self._noted_at or now > self._noted_at + _NOTE_EVERY_S):
            self._noted, self._noted_at = dropped, now
            self._files.add_dropped(dropped)
