"""The growing end of one file: whole records with both checksums right, each handed out once.

The file may be half written, cut, replaced, zero-filled by a network mount, or made by an enemy.
What looks wrong is given `patience` more polls to become right; then the next sound record is
searched for and what was passed over is counted. Work stays linear in the size of the file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.framing import (
    HEADER,
    OVERHEAD,
    Bytes,
    Offsets,
    Scan,
    Scanner,
)
from lossmon.eventfile.payload import Payload, payloads
from lossmon.eventfile.plainfile import (
    BEGINNING,
    Identity,
    Place,
    identity,
    open_plain,
    read_at,
)
from lossmon.eventfile.resync import Resync

CHUNK = 4 << 20
_SMALL_CHUNK = 64 << 10
_MARK = 16
_MAX_RESYNCS = 10_000
"""A file damaged in more places is given up; else a hostile one could keep a reader busy."""


@dataclass(frozen=True, slots=True)
class Records:
    """Sound records of one length, in file order."""

    offsets: Offsets
    """Where each begins in its file."""
    data: Bytes
    """Shape (k, length)."""


class Tail:
    """Reads one file from where it stopped the last time."""

    def __init__(self, path: Path, *, patience: int = 2) -> None:
        self.path = path
        self.restarts = 0
        """How often the file turned out to be another one: what was read before is void."""
        self.stuck_bytes = 0
        """Bytes at the end that hold no sound record, so far."""
        self._patience = patience
        self._scanner = Scanner()
        self._identity: Identity | None = None
        self._is_read = False
        self._begin()

    def _begin(self) -> None:
        self.offset = 0
        self.stuck_bytes = 0
        self._lost_places = self._lost_bytes = 0
        self._lost_until = -1
        self._before = b""
        self._beginning = b""
        self._settled = 0
        self._doubted_size = 0
        self._doubted_polls = 0
        self._chunk = CHUNK
        self._resync = Resync()

    @property
    def is_in_doubt(self) -> bool:
        """Whether what looks wrong at the end is given more polls to become right."""
        return self._doubted_polls > 0

    @property
    def left(self) -> int:
        """Bytes of the file, as it was last found, that are still to be read or understood."""
        return 0 if self._identity is None else self._identity.size - self.offset

    @property
    def place(self) -> Place | None:
        """Where the file was found; None before it was opened."""
        found = self._identity
        if found is None:
            return None
        return Place(self.path, found.device, found.inode, self._beginning)

    @property
    def lost_places(self) -> int:
        """Gaps between sound records, whatever they held, so that any way of reading agrees."""
        stuck_apart = self.stuck_bytes > 0 and self._lost_until != self.offset
        return self._lost_places + stuck_apart

    @property
    def lost_bytes(self) -> int:
        """Bytes in those gaps."""
        return self._lost_bytes + self.stuck_bytes

    def poll(self) -> Generator[list[Records], None, None]:
        """Yield what has been added since the last poll, in file order, some megabytes at a time.

        Closed before its end, it leaves the rest to the next poll.

        Raises:
            OSError: The file cannot be opened or read, or is no plain file.
        """
        with open_plain(self.path) as file:
            found = identity(file)
            if self._identity == found and self._is_read and not self._doubted_polls:
                return
            if self._is_another(file, found):
                self.restarts += 1
                self._begin()
            self._identity, self._is_read = found, False
            yield from self._read(file, found.size)
            # Not where reading failed: then the next poll goes on.
            self._is_read = True

    def _is_another(self, file: FileIO, found: Identity) -> bool:
        known = self._identity
        if known is None:
            return False
        if (known.device, known.inode) != (found.device, found.inode) or found.size < self.offset:
            return True
        return read_at(file, self.offset - len(self._before), len(self._before)) != self._before

    def _read(self, file: FileIO, size: int) -> Iterator[list[Records]]:
        if not self._patience:
            self._settled = size
        wanted = 0
        while self.offset < size:
            request = min(max(self._chunk, wanted), size - self.offset)
            data = read_at(file, self.offset, request)
            if len(data) < request:
                return  # cut while it was read: the next poll sees it by its size
            if not self.offset:
                self._beginning = data[:BEGINNING]
            whole = self.offset + request == size
            self._chunk = min(CHUNK, self._chunk * 4)
            scan = self._scanner.scan(data)
            rows, doubtful = self._sound_rows(data, scan)
            if rows:
                yield rows
            wanted = scan.wanted
            if doubtful:
                if not self._settle(size) or not self._pass_over(file, size):
                    return
            elif whole or self.offset + wanted > size:
                return

    def _sound_rows(self, data: bytes, scan: Scan) -> tuple[list[Records], bool]:
        """Return the sound records and step behind them; and whether what follows is doubtful."""
        count = len(scan.starts)
        sound = np.ones(count, bool)
        found = list(payloads(data, scan))
        for payload in found:
            sound[payload.members] = payload.sound
        stop = count if sound.all() else self._first_unskippable(scan, sound)
        self._count_skipped(scan, sound[:stop])
        end = scan.end if stop == count else int(scan.starts[stop])
        taken = [self._taken(scan, each, stop) for each in found]
        self._step_to(self.offset + end, data[max(0, end - _MARK) : end])
        return [rows for rows in taken if len(rows.offsets)], stop < count or scan.bad

    def _taken(self, scan: Scan, payload: Payload, stop: int) -> Records:
        """Return the sound records of a payload before the `stop`th frame of the scan."""
        offsets = self.offset + scan.starts[payload.members]
        taken = payload.sound & (payload.members < stop)
        if taken.all():
            return Records(offsets, payload.rows)
        return Records(offsets[taken], payload.rows[taken])

    def _first_unskippable(self, scan: Scan, sound: NDArray[np.bool_]) -> int:
        """Return the first unsound record that may still become right, or has no sound header
        behind it that would vouch for its length."""
        count = len(sound)
        for i in np.flatnonzero(~sound).tolist():
            vouched = i < count - 1 or scan.wanted > 0
            frame_end = int(scan.starts[i] + scan.lengths[i]) + OVERHEAD
            if not vouched or self.offset + frame_end > self._settled:
                return int(i)
        return count

    def _count_skipped(self, scan: Scan, sound: NDArray[np.bool_]) -> None:
        for i in np.flatnonzero(~sound).tolist():
            self._lose(self.offset + int(scan.starts[i]), int(scan.lengths[i]) + OVERHEAD)

    def _lose(self, at: int, size: int) -> None:
        self._lost_places += at != self._lost_until
        self._lost_bytes += size
        self._lost_until = at + size

    def _step_to(self, offset: int, before: bytes) -> None:
        if offset > self.offset:
            self.offset = offset
            self._before = before
            self.stuck_bytes = 0

    def _settle(self, size: int) -> bool:
        """Return whether the doubtful place has been looked at often enough to be believed."""
        if self.offset + HEADER <= self._settled:
            return True
        if not self._doubted_polls:
            self._doubted_size = size
        self._doubted_polls += 1
        if self._doubted_polls <= self._patience:
            return False
        self._settled = self._doubted_size
        self._doubted_polls = 0
        return True

    def _pass_over(self, file: FileIO, size: int) -> bool:
        """Step to the next sound record; return whether there is one."""
        found = -1
        if self._resync.runs < _MAX_RESYNCS:
            found = self._resync.search(lambda at, n: read_at(file, at, n), self.offset + 1, size)
        if found < 0:
            self.stuck_bytes = size - self.offset
            return False
        self._lose(self.offset, found - self.offset)
        self._step_to(found, read_at(file, found - _MARK, _MARK) if found >= _MARK else b"")
        self._chunk = _SMALL_CHUNK
        return True
