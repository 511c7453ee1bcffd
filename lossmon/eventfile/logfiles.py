"""The files of one start while they are written: headers, encoding, heartbeats, what was lost."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from lossmon import signals
from lossmon.eventfile.encoding import (
    MAX_TAGS,
    ScalarEncoder,
    start_event,
    text_event,
    version_event,
)
from lossmon.eventfile.filenames import scalars_name, stats_name
from lossmon.eventfile.framing import MAX_RECORD
from lossmon.eventfile.meta import mark_json, meta_json
from lossmon.eventfile.queue import ScalarPoint, WidePoint
from lossmon.eventfile.sink import Sink
from lossmon.eventfile.widerecord import WideEncoder
from lossmon.records import Mark, RunMeta

_MAX_MARK = 60 << 10
"""Bytes of a mark that readers still take."""

_LEFT_TO_LOSSES = 1 << 20
"""Bytes of a disk that wide records leave alone: thousands of steps' losses."""

Warn = Callable[[str, str], None]
"""Told the kind of a failure, and the failure as a clause; each kind is shown once."""


class LogFiles:
    """Appends to the scalar file (rank 0) and the file of wide records; they begin with a step."""

    def __init__(self, folder: Path, stem: str, meta: RunMeta, *, warn: Warn) -> None:
        self._lost = 0
        self._folder, self._stem, self._meta, self._warn = folder, stem, meta, warn
        self._first: tuple[int, float] | None = None
        self._last_step = meta.start_step
        self._encode = ScalarEncoder()
        self._encode_wide = WideEncoder(meta)
        self._scalars = Sink(folder / scalars_name(stem), self._scalar_header)
        self._stats = self._new_stats()
        self._finished: list[Sink] = []
        self._parts = 1

    @property
    def has_begun(self) -> bool:
        """Whether a step has come: before, no file exists."""
        return self._first is not None

    @property
    def scalars_wait(self) -> bool:
        """Whether the disk has refused scalars, which wait for it."""
        return self._scalars.is_blocked

    @property
    def wide_waits(self) -> bool:
        """Whether the disk has refused wide records, which wait for it."""
        return any(sink.is_blocked for sink in (self._stats, *self._finished))

    @property
    def lost(self) -> int:
        """Records that were taken and are in no file."""
        return self._lost + sum(sink.lost for sink in self._sinks())

    def add(self, points: Iterable[ScalarPoint | Mark]) -> None:
        """Append scalars and marks; ranks above 0 keep no scalars."""
        records: list[bytes] = []
        for point in points:
            self._begin(point.step, point.wall_time)
            if self._meta.rank == 0 or isinstance(point, Mark):
                try:
                    records.append(self._encoded(point))
                # Values are the user's own objects: their conversion may raise anything.
                except Exception as error:
                    self.lose("value", f"a value at step {point.step} cannot be written: {error}")
        self._notes.append(records)

    def lose(self, kind: str, reason: str) -> None:
        """Count a record that will not be in the files, and warn of the first of its kind."""
        self._lost += 1
        self._warn(kind, reason)

    def add_wide(self, points: Iterable[WidePoint]) -> None:
        """Append wide records."""
        records: list[bytes] = []
        for point in points:
            self._begin(point.step, point.wall_time)
            if tuple(map(len, point.tables)) == self._encode_wide.sizes:
                records.append(self._encode_wide(point.step, point.wall_time, point.tables))
            else:
                self.lose(
                    "shape", f"the record of step {point.step} is not of the shape in the metadata"
                )
        self._stats.append(records)

    def change_meta(self, meta: RunMeta) -> None:
        """Begin a new file of wide records, unless there is none yet."""
        self._meta = meta
        self._encode_wide = WideEncoder(meta)
        if self._stats.is_made or self._stats.is_blocked:
            self._finished.append(self._stats)
            self._parts += 1
        self._stats = self._new_stats(self._parts - 1)
        if self._scalars.is_made and meta.rank == 0:
            self._scalars.append([self._text(signals.META_TAG, meta_json(meta))])

    def add_alive(self) -> None:
        """Append a heartbeat."""
        self._notes.append([self._text(signals.ALIVE_TAG, "")])

    def add_dropped(self, dropped: int) -> None:
        """Append how many records are missing so far, as a scalar and as a mark."""
        now, step = time.time(), self._last_step
        values = {signals.DROPPED.tag: float(dropped)}
        self.add((ScalarPoint(step, now, values), Mark(step, now, "dropped", {"records": dropped})))

    def flush(self) -> None:
        """Write what the disk takes."""
        if not self.has_begun:
            return
        for sink in self._sinks():
            if not sink.flush():
                self._warn("disk", f"cannot write {sink.path}: {sink.error}")
        for sink in [sink for sink in self._finished if not sink.is_blocked]:
            self._lost += sink.lost
            sink.close()
            self._finished.remove(sink)

    def close(self) -> None:
        """Close the files; what the disk did not take is lost."""
        for sink in self._sinks():
            self._lost += sink.pending
            sink.close()
        if not self.has_begun:
            with contextlib.suppress(OSError):  # not empty: somebody else's
                self._folder.rmdir()

    def _sinks(self) -> tuple[Sink, ...]:
        scalars = (self._scalars,) if self._meta.rank == 0 else ()
        return (*scalars, *self._finished, self._stats)

    def _begin(self, step: int, wall_time: float) -> None:
        if self._first is None:
            self._first = (step, wall_time)
        self._last_step = max(self._last_step, step)

    def _encoded(self, point: ScalarPoint | Mark) -> bytes:
        if isinstance(point, Mark):
            text = mark_json(point)
            if len(text.encode()) > _MAX_MARK:
                text = mark_json(replace(point, detail={"left_out": len(text)}))
            return text_event(signals.MARK_TAG, point.step, point.wall_time, text)
        refused = self._encode.refused
        record = self._encode(point.step, point.wall_time, point.values)
        if self._encode.refused > refused:
            self.lose("tag", f"a tag is no text, too long, or one of more than {MAX_TAGS}")
        if len(record) > MAX_RECORD:
            raise ValueError("too many values")
        return record

    def _text(self, tag: str, text: str) -> bytes:
        return text_event(tag, self._last_step, time.time(), text)

    @property
    def _notes(self) -> Sink:
        """The file of marks and heartbeats: ranks above 0 have only that of the wide records."""
        return self._scalars if self._meta.rank == 0 else self._stats

    def _new_stats(self, part: int = 0) -> Sink:
        meta = self._meta
        name = stats_name(self._stem, meta.rank, part)
        header = partial(map, self._meta_event, (meta,))
        return Sink(self._folder / name, header, reserve=_LEFT_TO_LOSSES)

    def _scalar_header(self) -> Iterable[bytes]:
        step, wall_time = self._began_at()
        yield version_event(wall_time, self._meta.writer or signals.PLUGIN_NAME)
        yield start_event(step, wall_time)
        yield self._meta_event(self._meta)

    def _meta_event(self, meta: RunMeta) -> bytes:
        return text_event(signals.META_TAG, *self._began_at(), meta_json(meta))

    def _began_at(self) -> tuple[int, float]:
        return self._first or (self._meta.start_step, time.time())
