"""TFRecord framing: `u64 length | u32 masked crc of it | data | u32 masked crc of data`.

A frame is only believed when both checksums hold, and no length beyond `MAX_RECORD` is ever obeyed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lossmon.eventfile.crc32c import crc_rows, mask_rows, masked_bytes

HEADER = 12
OVERHEAD = 16
MAX_RECORD = 64 << 20
"""Longest record believed; a longer one is passed over as damage."""
_KNOWN_HEADERS = 4096
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
    end: int
    """First byte behind the last frame."""
    bad: bool
    """Whether the bytes at `end` cannot be a frame, as opposed to not being there yet."""
    wanted: int
    """Length of the frame at `end` where it is sound so far but longer than the buffer, else 0."""


class Scanner:
    """Walks over frames; remembers the headers it has checked."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}

    def scan(self, buffer: bytes) -> Scan:
        """Return the frames from the start of `buffer` whose header checksum holds."""
        starts: list[int] = []
        lengths: list[int] = []
        at, size, known = 0, len(buffer), self._known
        bad, wanted = False, 0
        while at + HEADER <= size:
            header = buffer[at : at + HEADER]
            length = known.get(header, -1)
            if length < 0 and (length := self._learn(header)) < 0:
                bad = True
                break
            if at + length + OVERHEAD > size:
                wanted = length + OVERHEAD
                break
            starts.append(at)
            lengths.append(length)
            at += length + OVERHEAD
        return Scan(np.array(starts, np.int64), np.array(lengths, np.int64), at, bad, wanted)

    def _learn(self, header: bytes) -> int:
        length: int = struct.unpack_from("<Q", header)[0]
        if length > MAX_RECORD or masked_bytes(header[:8]) != header[8:]:
            return -1
        if len(self._known) >= _KNOWN_HEADERS:
            self._known.clear()
        self._known[header] = length
        return length


def payload_rows(buffer: Bytes, starts: Offsets, length: int) -> tuple[Bytes, NDArray[np.bool_]]:
    """Return the data of frames of one length as rows, and for each whether its checksum holds."""
    frames = sliding_window_view(buffer, length + OVERHEAD)[starts]
    rows = frames[:, HEADER:-4]
    stored = np.ascontiguousarray(frames[:, -4:]).view("<u4")[:, 0]
    return rows, mask_rows(crc_rows(rows)) == stored
