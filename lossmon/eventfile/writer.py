"""The writing end of the log. Called by the training thread: cheap, and never in its way.

Everything is handed to a timer thread; no call raises, blocks, or waits for a disk. A process
forked from this one inherits a writer that does nothing.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
import weakref
from collections.abc import Mapping
from operator import index
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lossmon.errors import UsageError
from lossmon.eventfile.forks import generation
from lossmon.eventfile.place import FOLDER
from lossmon.eventfile.pump import Pump
from lossmon.eventfile.queue import Queue, ScalarPoint, WidePoint
from lossmon.records import Mark, RunMeta

Wide = NDArray[np.float32]


class RunWriter:
    """Writes one start of a run into `<logdir>/lossmon/`; the files appear with the first step."""

    def __init__(self, logdir: Path, meta: RunMeta, *, flush_s: float = 0.25) -> None:
        """Prepare the folder and start the timer thread.

        Raises:
            UsageError: The folder cannot be made or written to.
        """
        folder = Path(logdir) / FOLDER
        _prepare(folder)
        self._queue = Queue()
        self._born = generation()
        self._closed = False
        self._pump = Pump(folder, _stem(), meta, self._queue, flush_s=flush_s)
        self._pump.start()
        # At close, when the writer is freed, or when the interpreter ends: what comes first.
        self._finalizer = weakref.finalize(self, self._pump.stop)

    @property
    def dropped(self) -> int:
        """Records that are not in the files and will not come."""
        return self._pump.dropped

    def scalars(self, step: int, wall_time: float, values: Mapping[str, float]) -> None:
        """Record scalars by tag, as they are: NaN and infinities too."""
        if not self._is_active():
            return
        try:
            self._queue.put_scalars(ScalarPoint(_int64(step), wall_time, dict(values)))
        # Whatever was handed in: the training must not learn of it.
        except Exception:
            self._queue.dropped += 1
        if self._queue.dropped:
            self._warn_of_drops()

    def plain(self, step: int, wall_time: float, values: Mapping[str, float]) -> None:
        """Record scalars that are known to be numbers, under a step that is an int.

        Like `scalars`, with fewer checks; `values` are kept, not copied.
        """
        if not self._is_active():
            return
        try:
            self._queue.put_scalars(ScalarPoint(step, wall_time, values))
        except Exception:  # the memory may be full
            self._queue.dropped += 1
        if self._queue.dropped:
            self._warn_of_drops()

    def wide(
        self, step: int, wall_time: float, parameters: Wide, layers: Wide, totals: Wide
    ) -> None:
        """Record the tables of one step, in the shapes that the metadata names; they are copied."""
        if not self._is_active():
            return
        try:
            tables = _raw(parameters), _raw(layers), _raw(totals)
            self._queue.put_wide(WidePoint(_int64(step), wall_time, tables))
        except Exception:
            self._queue.dropped += 1
        if self._queue.dropped:
            self._warn_of_drops()

    def leave_out(self, records: int, reason: str) -> None:
        """Count records that the caller could not get hold of; the first time, warn why."""
        if self._is_active():
            self._queue.left_out += records
            self._pump.warn(reason, reason)

    def mark(self, mark: Mark) -> None:
        """Record something that happened."""
        if self._is_active():
            self._queue.put_mark(mark)

    def new_meta(self, meta: RunMeta) -> None:
        """Begin a new file of wide records: rows or columns are others from here on."""
        if self._is_active():
            self._queue.put_meta(meta)

    def close(self) -> None:
        """Write what is left and end the thread; a second call, or one in a fork, does nothing."""
        self._closed = True
        self._finalizer()

    def _warn_of_drops(self) -> None:
        self._pump.warn("queue", "the disk of the log is too slow, or a value is no number")

    def _is_active(self) -> bool:
        return not self._closed and generation() == self._born


def _int64(step: int) -> int:
    step = index(step)
    if step >> 63 not in (0, -1):
        raise ValueError(f"step {step} does not fit an event file")
    return step


def _raw(table: Wide) -> bytes:
    return np.asarray(table, "<f4").tobytes()


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"cannot make the log folder {folder}: {reason}; pass another logdir="
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write to the log folder {folder}; pass another logdir=")


def _stem() -> str:
    """Return a name that nobody else takes, and that sorts after those of earlier starts.

    TensorBoard reads files in the order of their names; within a second the microseconds tell.
    """
    host = "".join(c if c.isalnum() or c == "-" else "-" for c in socket.gethostname()) or "host"
    second, micro = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{second}.{host[:64]}.{os.getpid()}.{micro:05x}{secrets.token_hex(4)}"
