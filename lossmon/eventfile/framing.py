"""TFRecord framing: `u64 length | u32 masked crc of it | data | u32 masked crc of data`.

A frame is only believed when both checksums hold, and no length beyond `MAX_RECORD` is ever obeyed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.crc32c import crc_rows, mask_rows, masked_bytes

HEADER = 12
OVERHEAD = 16
MAX_RECORD = 64 << 20
"""Longest record believed; a longer one is passed over as damage."""
_KNOWN_HEADERS = 4096
_LOOK = 16
"""Frames after which a rhythm is looked for."""
_RHYTHM = 64
"""It is looked for in so many of the last frames, where it may come twice."""
_LONGEST_PAUSE = 4096
"""Where none is found, the next look comes later and later, up to so many frames."""
_FIRST_BLOCK = 512
_OWN_GROUP = 512
"""So many rounds of a rhythm are worth being read apart from other frames of their length."""
_BULK = 16
"""From this many records of one length on, numpy is quicker than one checksum after another."""

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]


def frame(data: bytes) -> bytes:
    """Return `data` as one TFRecord."""
    length = struct.pack("<Q", len(data))
    return b"".join((length, masked_bytes(length), data, masked_bytes(data)))


class Block(NamedTuple):
    """Frames of one length, one behind the other."""

    data: bytes
    frame_length: int


def frame_all(records: Sequence[bytes]) -> list[Block]:
    """Return the records as frames, in order; many of one length cost little more than one."""
    blocks = []
    for length, group in groupby(records, key=len):
        same = list(group)
        if len(same) < _BULK:
            blocks += [Block(frame(record), length + OVERHEAD) for record in same]
        else:
            blocks.append(Block(_frame_rows(same, length), length + OVERHEAD))
    return blocks


def _frame_rows(records: Sequence[bytes], length: int) -> bytes:
    frames = np.empty((len(records), length + OVERHEAD), np.uint8)
    head = struct.pack("<Q", length)
    rows = np.frombuffer(b"".join(records), np.uint8).reshape(len(records), length)
    frames[:, :HEADER] = np.frombuffer(head + masked_bytes(head), np.uint8)
    frames[:, HEADER:-4] = rows
    frames[:, -4:] = mask_rows(crc_rows(rows)).astype("<u4")[:, None].view(np.uint8)
    return frames.tobytes()


@dataclass(frozen=True, slots=True)
class Scan:
    """Frames found one after the other in a buffer, and why the scan ended."""

    starts: Offsets
    """Where each frame begins."""
    lengths: Offsets
    """Length of each frame's data."""
    groups: tuple[Offsets, ...]
    """Indices of frames of one length, ascending; every frame is in one group."""
    end: int
    """First byte behind the last frame."""
    bad: bool
    """Whether the bytes at `end` cannot be a frame, as opposed to not being there yet."""
    wanted: int
    """Length of the frame at `end` where it is sound so far but longer than the buffer, else 0."""


class Scanner:
    """Walks over frames; remembers the headers it has checked.

    Logs are rhythmic: the same few lengths come again and again. Once a rhythm is found, whole
    stretches are walked by comparing headers as columns, 20 times as fast as one by one.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}

    def scan(self, buffer: bytes) -> Scan:
        """Return the frames from the start of `buffer` whose header checksum holds."""
        found = _Frames()
        at, size, known = 0, len(buffer), self._known
        bad, wanted = False, 0
        look, pause = _LOOK, _LOOK
        while at + HEADER <= size:
            header = buffer[at : at + HEADER]
            length = known.get(header, -1)
            if length < 0 and (length := self._learn(header)) < 0:
                bad = True
                break
            if at + length + OVERHEAD > size:
                wanted = length + OVERHEAD
                break
            found.add(at, length)
            at += length + OVERHEAD
            if len(found.lengths) == look:
                behind = found.follow_rhythm(buffer, at)
                pause = _LOOK if behind > at else min(pause * 3 // 2, _LONGEST_PAUSE)
                look, at = len(found.lengths) + pause, behind
        starts, lengths, groups = found.columns()
        return Scan(starts, lengths, groups, at, bad, wanted)

    def _learn(self, header: bytes) -> int:
        length: int = struct.unpack_from("<Q", header)[0]
        if length > MAX_RECORD or masked_bytes(header[:8]) != header[8:]:
            return -1
        if len(self._known) >= _KNOWN_HEADERS:
            self._known.clear()
        self._known[header] = length
        return length


class _Frames:
    """Frames found so far: some one by one, some as whole stretches."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.lengths: list[int] = []
        """Those found one by one since the last stretch."""
        self._pieces: list[_Piece] = []

    def add(self, start: int, length: int) -> None:
        self.starts.append(start)
        self.lengths.append(length)

    def columns(self) -> tuple[Offsets, Offsets, tuple[Offsets, ...]]:
        """Return start and length of every frame, and which have the same length.

        Frames at one place of a rhythm stay together: most often they hold the same tag.
        """
        self._settle()
        starts = np.concatenate([piece.starts for piece in self._pieces])
        lengths = np.concatenate([piece.lengths for piece in self._pieces])
        groups, single = [], np.ones(len(starts), bool)
        first = 0
        for piece in self._pieces:
            stop = first + len(piece.starts)
            if piece.period and len(piece.starts) >= _OWN_GROUP * piece.period:
                groups += [np.arange(first + i, stop, piece.period) for i in range(piece.period)]
                single[first:stop] = False
            first = stop
        return starts, lengths, (*groups, *_by_length(lengths, np.flatnonzero(single)))

    def follow_rhythm(self, buffer: bytes, at: int) -> int:
        """Take in the frames from `at` on that go on as the last ones did; return where they end.

        A header equal to one that was checked needs no check of its own.
        """
        period = _period(self.lengths)
        if not period:
            return at
        lengths = np.array(self.lengths[-period:], np.int64)
        places = np.concatenate(([0], np.cumsum(lengths + OVERHEAD)))
        stride = int(places[-1])
        headers = [buffer[start : start + HEADER] for start in self.starts[-period:]]
        rounds = (len(buffer) - at) // stride
        for place, header in zip(places[:-1].tolist(), headers, strict=True):
            rounds = _equal_headers(buffer, at + place, stride, rounds, header)
        if rounds:
            self._settle()
            begins = np.arange(at, at + stride * rounds, stride)[:, None] + places[:-1]
            again = np.empty((rounds, period), np.int64)
            again[:] = lengths
            self._pieces.append(_Piece(begins.ravel(), again.ravel(), period))
        return at + stride * rounds

    def _settle(self) -> None:
        starts, lengths = np.array(self.starts, np.int64), np.array(self.lengths, np.int64)
        self._pieces.append(_Piece(starts, lengths))
        self.starts, self.lengths = [], []


class _Piece(NamedTuple):
    """Frames one behind the other."""

    starts: Offsets
    lengths: Offsets
    period: int = 0
    """After how many of them the lengths repeat; 0 where that is not known."""


def _by_length(lengths: Offsets, members: Offsets) -> list[Offsets]:
    """Split the members by their length, each part ascending."""
    if not len(members):
        return []
    order = members[np.argsort(lengths[members], kind="stable")]
    ordered = lengths[order]
    borders = (np.flatnonzero(ordered[1:] != ordered[:-1]) + 1).tolist()
    return [order[i:j] for i, j in pairwise((0, *borders, len(order)))]


def _period(lengths: list[int]) -> int:
    """Return after how many frames the last lengths repeat; 0 where they do not."""
    last = lengths[-_RHYTHM:]
    for period in range(1, len(last) // 2 + 1):
        if last[-period:] == last[-2 * period : -period] and _repeats(last[-_LOOK:], period):
            return period
    return 0


def _repeats(lengths: list[int], period: int) -> bool:
    return lengths[period:] == lengths[:-period]


def _equal_headers(buffer: bytes, first: int, stride: int, rounds: int, header: bytes) -> int:
    """Return how many of the frames at `first`, `first + stride`, ... begin with `header`."""
    length, checksum = struct.unpack("<QI", header)
    done, block = 0, _FIRST_BLOCK
    while done < rounds:
        count = min(block, rounds - done)
        begin = first + done * stride
        longs = np.ndarray((count,), "<u8", buffer, begin, (stride,))
        words = np.ndarray((count,), "<u4", buffer, begin + 8, (stride,))
        equal = (longs == length) & (words == checksum)
        if not equal.all():
            return done + int(equal.argmin())
        done, block = done + count, block * 8
    return rounds
