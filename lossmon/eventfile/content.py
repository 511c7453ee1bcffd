"""What one file has said so far: scalars and wide records by tag, metadata, marks, times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.errors import EventFileError
from lossmon.eventfile.batch import Batch, Family, Undecodable, batches
from lossmon.eventfile.event import Slot
from lossmon.eventfile.framing import HEADER, Offsets
from lossmon.eventfile.meta import parse_mark, parse_meta
from lossmon.eventfile.plainfile import Place
from lossmon.eventfile.points import Points
from lossmon.eventfile.tail import Records
from lossmon.eventfile.widerecord import TAGS
from lossmon.records import Floats, Mark, RunMeta, Steps

_MAX_TAGS = 100_000
_HEAD = 1 << 20
"""Points of a series that are kept one by one; buckets stand for those behind them."""
_MANY_TAGS = 8
_SHORT_HEAD = 1 << 16
"""The same for all but the first `_MANY_TAGS` tags of a file."""
_MAX_MARKS = 10_000
_MAX_META = 16 << 20
_MAX_MARK = 64 << 10
_SCALAR_PLUGINS = ("", "scalars")

Piece = tuple[Offsets, Steps, Floats, NDArray[Any]]


@dataclass(slots=True)
class _Found:
    """What a chunk of records holds."""

    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    """By tag."""
    starts: list[tuple[int, int]] = field(default_factory=list)
    """Offset and step of every SessionLog START."""
    marks: list[tuple[int, Mark]] = field(default_factory=list)
    """Each with its offset, and so are the metadata."""
    metas: list[tuple[int, bytes]] = field(default_factory=list)
    walls: list[Floats] = field(default_factory=list)

    def add(self, tag: str, piece: Piece) -> None:
        self.pieces.setdefault(tag, []).append(piece)


class FileContent:
    """Grows with every chunk of records; nothing in it is ever taken back."""

    def __init__(self) -> None:
        self.place: Place | None = None
        """Where the file was found, once it has been opened."""
        self.scalars: dict[str, Points] = {}
        self.wide: dict[str, Points] = {}
        """Of each wide record where its numbers begin in the file."""
        self.shapes: dict[str, tuple[int, ...]] = {}
        """Records and columns of its tables, by tag."""
        self.meta: RunMeta | None = None
        """The newest metadata in the file."""
        self.marks: list[Mark] = []
        self.start_step: int | None = None
        """Lowest step of a SessionLog START, None where there is none."""
        self.foreign: set[str] = set()
        """Tags that another TensorBoard plugin owns: no series of the training."""
        self.histograms: set[str] = set()
        """Tags of histograms, which are not read."""
        self.hparams = False
        """Whether add_hparams wrote into it."""
        self.first_wall = math.inf
        self.last_wall = -math.inf
        self.bad_records = 0
        """Records with sound checksums and senseless content."""
        self.records = 0

    def add(self, chunk: Iterable[Records]) -> None:
        """Take in sound records; chunks come in file order."""
        found = _Found()
        for rows in chunk:
            self.records += len(rows.offsets)
            for batch in batches(rows.data, rows.offsets):
                if isinstance(batch, Undecodable):
                    self.bad_records += 1
                elif isinstance(batch, Family):
                    self._take_family(batch, found)
                else:
                    self._take(batch, found)
        self._note_times(found.walls)
        self._create(found.pieces)
        before = {tag: len(points) for tag, points in self.scalars.items()}
        offsets = {tag: self._append(tag, its) for tag, its in found.pieces.items()}
        for _, text in sorted(found.metas):
            self._take_meta(text)
        for at, step in sorted(found.starts):
            self._start(at, step, before, offsets)
        self.marks += [mark for _, mark in sorted(found.marks, key=lambda item: item[0])]
        self._limit_marks()

    def _limit_marks(self) -> None:
        """Keep the oldest and the newest marks: how the run was set up, and how it ended."""
        more = len(self.marks) - _MAX_MARKS
        if more > 0:
            self.bad_records += more
            del self.marks[_MAX_MARKS // 2 : _MAX_MARKS // 2 + more]

    def _take(self, batch: Batch, found: _Found) -> None:
        steps, walls = batch.steps(), batch.wall_times()
        found.walls.append(walls)
        if batch.event.starts:
            found.starts += zip(batch.offsets.tolist(), steps.tolist(), strict=True)
        for value in batch.event.values:
            self._note_plugin(value.tag, value.plugin)
            if value.histogram:
                self._note_histogram(value.tag)
            if value.slot is not None and self._wants(value.tag, value.slot, len(steps)):
                if value.tag in TAGS:
                    numbers: NDArray[Any] = batch.offsets + (HEADER + value.slot.start)
                else:
                    numbers = batch.numbers(value.slot)
                found.add(value.tag, (batch.offsets, steps, walls, numbers))
            elif value.text is not None and value.tag == signals.META_TAG:
                found.metas.append((int(batch.offsets[-1]), value.text))
            elif value.text is not None and value.tag == signals.MARK_TAG:
                found.marks += self._marks(value.text, batch, steps, walls)

    def _take_family(self, family: Family, found: _Found) -> None:
        batch = family.like
        value = batch.event.values[0]
        if value.slot is None:
            return
        tags, order, begins = family.members()
        offsets, steps, walls = batch.offsets[order], batch.steps()[order], batch.wall_times()
        found.walls.append(walls)
        walls, numbers = walls[order], batch.numbers(value.slot)[order]
        stops = [*begins[1:].tolist(), len(order)]
        for tag, first, stop in zip(tags, begins.tolist(), stops, strict=True):
            self._note_plugin(tag, value.plugin)
            if self._wants(tag, value.slot, stop - first):
                at = slice(first, stop)
                kept = offsets[at] + (HEADER + value.slot.start) if tag in TAGS else numbers[at]
                found.add(tag, (offsets[at], steps[at], walls[at], kept))

    def _note_plugin(self, tag: str, plugin: str) -> None:
        if plugin not in _SCALAR_PLUGINS and plugin != signals.PLUGIN_NAME:
            self.foreign.add(tag)
            self.hparams |= plugin == "hparams"
        if plugin == "histograms":
            self._note_histogram(tag)

    def _note_histogram(self, tag: str) -> None:
        if len(self.histograms) < _MAX_TAGS:
            self.histograms.add(tag)

    def _note_times(self, found: Sequence[Floats]) -> None:
        if not found:
            return
        walls = found[0] if len(found) == 1 else np.concatenate(found)
        low, high = float(walls.min()), float(walls.max())
        if not 0 < low <= high < math.inf:
            known = walls[np.isfinite(walls) & (walls > 0)]
            low, high = known.min(initial=math.inf), known.max(initial=-math.inf)
        self.first_wall = min(self.first_wall, float(low))
        self.last_wall = max(self.last_wall, float(high))

    def _wants(self, tag: str, slot: Slot, count: int) -> bool:
        if slot.count == 0:
            return False
        if tag in TAGS:
            return self._wants_table(tag, slot, count)
        return slot.count == 1

    def _create(self, pieces: dict[str, list[Piece]]) -> None:
        """Make room for new tags in the order in which they stand in the file."""
        new = pieces.keys() - self.scalars.keys() - set(TAGS)
        for tag in sorted(new, key=lambda tag: min(int(piece[0][0]) for piece in pieces[tag])):
            if len(self.scalars) < _MAX_TAGS:
                head = _HEAD if len(self.scalars) < _MANY_TAGS else _SHORT_HEAD
                self.scalars[tag] = Points(head=head)
            else:
                self.bad_records += sum(len(piece[0]) for piece in pieces.pop(tag))

    def _wants_table(self, tag: str, slot: Slot, count: int) -> bool:
        shape = slot.shape
        if len(shape) != 2 or slot.dtype != "<f4" or self.shapes.setdefault(tag, shape) != shape:
            self.bad_records += count
            return False
        self.wide.setdefault(tag, Points("<i8"))
        return True

    def _append(self, tag: str, found: list[Piece]) -> Offsets:
        """Append the pieces of one tag in file order; return the offsets of its new points."""
        points = self.wide[tag] if tag in TAGS else self.scalars[tag]
        offsets, steps, walls, values = found[0] if len(found) == 1 else _in_file_order(found)
        points.append(steps, walls, values.reshape(len(steps)))
        return offsets

    def _start(
        self, at: int, step: int, before: dict[str, int], offsets: dict[str, Offsets]
    ) -> None:
        self.start_step = step if self.start_step is None else min(step, self.start_step)
        for tag, points in self.scalars.items():
            new = offsets.get(tag)
            earlier = 0 if new is None else int(np.searchsorted(new, at))
            points.cut(before.get(tag, 0) + earlier, step)

    def _take_meta(self, text: bytes) -> None:
        try:
            if len(text) > _MAX_META:
                raise EventFileError("metadata is too long")
            self.meta = parse_meta(text)
        except EventFileError:
            self.bad_records += 1

    def _marks(
        self, text: bytes, batch: Batch, steps: Steps, walls: Floats
    ) -> list[tuple[int, Mark]]:
        try:
            if len(text) > _MAX_MARK:
                raise EventFileError("mark is too long")
            mark = parse_mark(text, 0, 0.0)
        except EventFileError:
            self.bad_records += len(steps)
            return []
        places = zip(batch.offsets.tolist(), steps.tolist(), walls.tolist(), strict=True)
        return [(at, Mark(step, wall, mark.kind, mark.detail)) for at, step, wall in places]


def _in_file_order(found: list[Piece]) -> Piece:
    """Return pieces of one tag as one."""
    offsets = np.concatenate([piece[0] for piece in found])
    steps = np.concatenate([piece[1] for piece in found])
    walls = np.concatenate([piece[2] for piece in found])
    values = np.concatenate([piece[3] for piece in found])
    if (offsets[1:] >= offsets[:-1]).all():
        return offsets, steps, walls, values
    order = np.argsort(offsets, kind="stable")
    return offsets[order], steps[order], walls[order], values[order]
