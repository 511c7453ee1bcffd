"""The numbers of wide records, read from their files when a view asks for them.

Checksums were checked when the records were found; kept of each is only where its numbers lie, so
that a run of any length costs 24 bytes a record. What has been read is kept while there is room.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.plainfile import Place, open_plain, read_at
from lossmon.records import Steps

Wide = NDArray[np.float32]

FILE_BIT = 48
"""A reference is an offset in a file, and from this bit on which file."""
_ROOM = 128 << 20
_BLOCK_BYTES = 16 << 20
"""Bytes read at once for a whole column."""
_GAP = 4
"""Records are read in one go with what lies between them where that is at most so many times as
long: one read of 4 MB costs as much as a hundred of 4 kB."""


class Kept:
    """What was read last, up to 128 MiB in all; shared by the runs of a logdir."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room, self._held = room, 0
        self._arrays: OrderedDict[Any, Wide] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any) -> Wide | None:
        """Return what was kept under `key`."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def put(self, key: Any, array: Wide) -> None:
        """Keep `array`; let go of what was not asked for the longest."""
        with self._lock:
            before = self._arrays.pop(key, None)
            self._held += array.nbytes - (0 if before is None else before.nbytes)
            self._arrays[key] = array
            while self._held > self._room and self._arrays:
                _, oldest = self._arrays.popitem(last=False)
                self._held -= oldest.nbytes


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rows and columns of an older table stand in the newest one."""

    source_rows: tuple[int, ...]
    target_rows: tuple[int, ...]
    source_columns: tuple[int, ...]
    target_columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WideFile:
    """A file of wide records as it was when they were found."""

    place: Place
    shape: tuple[int, int]
    """Rows and columns of its tables."""
    layout: Layout | None = None
    """Where they stand in the newest table; None: as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class WideNumbers:
    """One table of every sampled step; NaN where its file is gone or is another one by now."""

    references: Steps
    """Where the numbers of each record lie, shape (n,)."""
    files: Sequence[WideFile]
    table: tuple[int, int]
    kept: Kept
    owner: object
    """Equal for later states of the same references, under the same names."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(records, rows, columns)."""
        return len(self.references), *self.table

    def column(self, index: int, records: slice | Steps) -> Wide:
        """Return shape (k, rows) of one column of some records."""
        if isinstance(records, slice):
            return self._whole_column(index, len(range(*records.indices(len(self.references)))))
        key = (self.owner, records.tobytes())
        block = self.kept.get(key)
        if block is None:
            block, whole = self._read(self.references[records])
            if whole:
                self.kept.put(key, block)
        return block[:, :, index]

    def _whole_column(self, index: int, count: int) -> Wide:
        key = (self.owner, index)
        known = self.kept.get(key)
        if known is None or len(known) < count:
            first = 0 if known is None else len(known)
            parts = [] if known is None else [known]
            step = max(1, _BLOCK_BYTES // (4 * self.table[0] * self.table[1] + 1))
            complete = True
            for at in range(first, count, step):
                block, whole = self._read(self.references[at : min(count, at + step)])
                complete &= whole
                parts.append(block[:, :, index])
            known = np.concatenate(parts) if parts else np.empty((0, self.table[0]), np.float32)
            if complete:
                self.kept.put(key, known)
        return known[:count]

    def _read(self, references: Steps) -> tuple[Wide, bool]:
        """Return the tables of some records, shape (k, rows, columns); and whether all were there.

        A file may be away for a moment: what could not be read is asked for again.
        """
        whole = True
        out = np.full((len(references), *self.table), np.nan, np.float32)
        numbers = references >> FILE_BIT
        for number in np.unique(numbers).tolist():
            file, members = self.files[number], np.flatnonzero(numbers == number)
            offsets = references[members] & ((1 << FILE_BIT) - 1)
            tables = _tables(file, offsets)
            if tables is not None:
                _place(out, members, tables, file.layout)
            whole &= tables is not None
        return out, whole


def _place(out: Wide, members: Steps, tables: Wide, layout: Layout | None) -> None:
    if layout is None:
        out[members] = tables
        return
    source = tables[:, list(layout.source_rows)][:, :, list(layout.source_columns)]
    rows = np.array(layout.target_rows, np.intp)[:, None]
    out[members[:, None, None], rows, np.array(layout.target_columns, np.intp)] = source


def _tables(file: WideFile, offsets: Steps) -> Wide | None:
    """Return the tables at ascending offsets; None where the file cannot be read."""
    size = 4 * file.shape[0] * file.shape[1]
    tables = np.empty((len(offsets), size // 4), "<f4")
    try:
        with open_plain(file.place.path) as handle:
            if not file.place.is_still(handle):
                return None
            for first, stop in _spans(offsets, size):
                begin, end = int(offsets[first]), int(offsets[stop - 1]) + size
                buffer = read_at(handle, begin, end - begin)
                if len(buffer) < end - begin:
                    return None
                tables[first:stop] = _cut_out(buffer, offsets[first:stop] - begin, size)
    except OSError:
        return None
    return tables.reshape(-1, *file.shape)


def _spans(offsets: Steps, size: int) -> Iterator[tuple[int, int]]:
    """Yield stretches of records that are read in one go."""
    first = 0
    gaps = np.diff(offsets)
    for i, gap in enumerate(gaps.tolist(), start=1):
        too_far = not 0 < gap <= (_GAP + 1) * size
        if too_far or offsets[i] - offsets[first] + size > _BLOCK_BYTES:
            yield first, i
            first = i
    if len(offsets):
        yield first, len(offsets)


def _cut_out(buffer: bytes, offsets: Steps, size: int) -> Wide:
    stride = int(offsets[1] - offsets[0]) if len(offsets) > 1 else size
    if (np.diff(offsets) == stride).all():
        tables: Wide = np.ndarray((len(offsets), size // 4), "<f4", buffer, 0, (stride, 4))
        return tables
    pieces: list[bytes] = [buffer[at : at + size] for at in offsets.tolist()]
    return np.frombuffer(b"".join(pieces), np.dtype("<f4")).reshape(len(offsets), -1)
