"""The timer thread: takes what the training handed over, encodes it, and writes it."""

from __future__ import annotations

import json
import os
import threading
import time
import warnings
from collections.abc import Iterable
from pathlib import Path

from lossmon import signals
from lossmon.eventfile.encoding import ScalarEncoder, start_event, text_event, version_event
from lossmon.eventfile.filenames import scalars_name, stats_name
from lossmon.eventfile.liveness import ALIVE_EVERY_S
from lossmon.eventfile.meta import mark_json, meta_json
from lossmon.eventfile.queue import Queue, ScalarPoint
from lossmon.eventfile.sink import Sink
from lossmon.eventfile.widerecord import WideEncoder
from lossmon.records import Mark, RunMeta

_TAKEN_AT_ONCE = 20_000
_WIDE_TAKEN_AT_ONCE = 64
_JOIN_S = 5.0
"""How long a close waits for a disk that does not answer."""


class Pump:
    """Owns the files and the thread; knows nothing of the writer, so that the writer can be freed."""

    def __init__(
        self, folder: Path, stem: str, meta: RunMeta, queue: Queue, flush_s: float
    ) -> None:
        self._folder, self._stem, self._meta, self._queue = folder, stem, meta, queue
        self._flush_s = flush_s
        self._first: tuple[int, float] | None = None
        self._last_step = meta.start_step
        self._scalars = ScalarEncoder()
        self._wide = WideEncoder(meta)
        self._scalar_sink = Sink(folder / scalars_name(stem), self._scalar_header)
        self._stats_part = 0
        self._stats_sink = self._new_stats_sink()
        self._old_sinks: list[Sink] = []
        self._next_alive = 0.0
        self._reported = 0
        self._lost = 0
        self._warned = False
        self._pid = os.getpid()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="lossmon-writer", daemon=True)

    @property
    def dropped(self) -> int:
        """Records that are not in the files and will not come."""
        return self._queue.dropped + self._lost

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is there, close the files, end the thread; a second call does nothing."""
        if os.getpid() != self._pid:
            return
        self._stopping.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)

    def _work(self) -> None:
        while not self._stopping.wait(self._flush_s):
            self._flush()
        self._flush()
        while not self._queue.is_empty and not self._blocked:
            self._flush()
        self._lost += len(self._queue.points) + len(self._queue.wide)
        for sink in (*self._old_sinks, self._scalar_sink, self._stats_sink):
            self._lost += sink.pending
            sink.close()

    def _flush(self) -> None:
        try:
            if not self._blocked:
                self._take_points()
                self._take_wide()
                self._report_drops()
            self._write()
        except Exception as error:  # whatever it is, the training must not see it
            self._lost += 1
            self._warn(f"{type(error).__name__}: {error}")

    @property
    def _blocked(self) -> bool:
        """Whether the disk still owes us the last records: then the queue fills, and is bounded."""
        return bool(self._scalar_sink.pending or self._stats_sink.pending)

    def _write(self) -> None:
        if self._first is None:
            return
        if self._meta.rank == 0 and not self._blocked and time.monotonic() >= self._next_alive:
            self._next_alive = time.monotonic() + ALIVE_EVERY_S
            self._scalar_sink.append(
                [text_event(signals.ALIVE_TAG, self._last_step, time.time(), "")]
            )
        sinks = [*self._old_sinks, self._stats_sink]
        sinks += [self._scalar_sink] if self._meta.rank == 0 else []
        for sink in sinks:
            if not sink.flush():
                self._warn(f"cannot write {sink.path}: {sink.error}")
        for sink in [sink for sink in self._old_sinks if not sink.pending]:
            sink.close()
            self._old_sinks.remove(sink)

    def _take_points(self) -> None:
        records: list[bytes] = []
        points = self._queue.points
        for _ in range(min(len(points), _TAKEN_AT_ONCE)):
            point = points.popleft()
            self._note(point.step, point.wall_time)
            if self._meta.rank == 0:
                try:
                    records.append(self._encoded(point))
                except (TypeError, ValueError, OverflowError, AttributeError) as error:
                    self._lost += 1
                    self._warn(f"a value at step {point.step} cannot be written: {error}")
        if records:
            self._scalar_sink.append(records)

    def _encoded(self, point: ScalarPoint | Mark) -> bytes:
        if isinstance(point, Mark):
            return text_event(signals.MARK_TAG, point.step, point.wall_time, mark_json(point))
        return self._scalars(point.step, point.wall_time, point.values)

    def _take_wide(self) -> None:
        records: list[bytes] = []
        wide = self._queue.wide
        for _ in range(min(len(wide), _WIDE_TAKEN_AT_ONCE)):
            point = wide.popleft()
            if isinstance(point, RunMeta):
                self._stats_sink.append(records)
                records = []
                self._change_meta(point)
                continue
            self._note(point.step, point.wall_time)
            if tuple(map(len, point.tables)) == self._wide.sizes:
                records.append(self._wide(point.step, point.wall_time, point.tables))
            else:
                self._lost += 1
                self._warn("a wide record does not have the shape that the metadata names")
        if records:
            self._stats_sink.append(records)

    def _note(self, step: int, wall_time: float) -> None:
        if self._first is None:
            self._first = (step, wall_time)
        self._last_step = max(self._last_step, step)

    def _change_meta(self, meta: RunMeta) -> None:
        self._old_sinks.append(self._stats_sink)
        self._meta = meta
        self._wide = WideEncoder(meta)
        self._stats_part += 1
        self._stats_sink = self._new_stats_sink()
        if meta.rank == 0 and self._first is not None:
            text = meta_json(meta)
            self._scalar_sink.append(
                [text_event(signals.META_TAG, self._last_step, time.time(), text)]
            )

    def _new_stats_sink(self) -> Sink:
        name = stats_name(self._stem, self._meta.rank, self._stats_part)
        meta = self._meta
        return Sink(self._folder / name, lambda: (self._meta_event(meta),))

    def _scalar_header(self) -> Iterable[bytes]:
        step, wall_time = self._first or (self._meta.start_step, time.time())
        yield version_event(wall_time, self._meta.writer or signals.PLUGIN_NAME)
        yield start_event(step, wall_time)
        yield self._meta_event(self._meta)

    def _meta_event(self, meta: RunMeta) -> bytes:
        step, wall_time = self._first or (meta.start_step, time.time())
        return text_event(signals.META_TAG, step, wall_time, meta_json(meta))

    def _report_drops(self) -> None:
        dropped = self.dropped
        if self._first is None or self._meta.rank != 0 or dropped == self._reported:
            return
        if not self._queue.is_empty:
            return  # still under pressure: one report when it is over, not one a flush
        now, self._reported = time.time(), dropped
        mark = Mark(self._last_step, now, "dropped", {"records": dropped})
        values = {signals.DROPPED.tag: float(dropped)}
        self._scalar_sink.append(
            [
                self._scalars(self._last_step, now, values),
                text_event(
                    signals.MARK_TAG,
                    mark.step,
                    now,
                    json.dumps({"kind": mark.kind, "detail": dict(mark.detail)}),
                ),
            ]
        )

    def _warn(self, reason: str) -> None:
        if self._warned:
            return
        self._warned = True
        text = f"lossmon: {reason}; training goes on, what cannot be kept is counted as dropped"
        try:
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        except RuntimeWarning:  # where warnings are errors: still not the training's business
            return
