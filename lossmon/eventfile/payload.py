"""The data of frames as rows of bytes, and whether the checksum of each holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.crc32c import crc_compact, crc_ragged, crc_rows, mask_rows
from lossmon.eventfile.framing import HEADER, OVERHEAD, Bytes, Offsets, Scan

_COMPACT = 512
"""Rows up to this length are copied out of their frames: reading them as columns is quicker."""
_FEW = 16
"""So few rows are not worth a copy of their own."""
_TOGETHER = 1 << 20
"""Bytes up to which short frames of all lengths are checked in one pass: then it is the calls that
cost, not the bytes."""


class Payload(NamedTuple):
    """Frames of one length."""

    members: Offsets
    """Their indices in the scan, ascending."""
    rows: Bytes
    """Their data, shape (k, length)."""
    sound: NDArray[np.bool_]
    """Whether the checksum holds, shape (k,)."""


def payloads(data: bytes, scan: Scan) -> Iterator[Payload]:
    """Yield the data of all frames of a scan of `data`."""
    buffer = np.frombuffer(data, np.uint8)
    lengths = [int(scan.lengths[members[0]]) for members in scan.groups]
    short = [i for i, length in enumerate(lengths) if 0 < length <= _COMPACT]
    width = max((lengths[i] for i in short), default=0)
    together = len(short) > 1 and width * sum(len(scan.groups[i]) for i in short) <= _TOGETHER
    if together:
        yield from _ragged(buffer, scan, [scan.groups[i] for i in short], width)
    for i, (members, length) in enumerate(zip(scan.groups, lengths, strict=True)):
        if not together or i not in short:
            yield Payload(members, *payload_rows(buffer, scan.starts[members], length))


def payload_rows(buffer: Bytes, starts: Offsets, length: int) -> tuple[Bytes, NDArray[np.bool_]]:
    """Return the data of frames of one length as rows, and for each whether its checksum holds."""
    frames = _frame_rows_of(buffer, starts, length + OVERHEAD)
    stored = np.ascontiguousarray(frames[:, -4:]).view("<u4")[:, 0]
    rows = frames[:, HEADER:-4]
    if len(rows) < _FEW or not 0 < length <= _COMPACT:
        return rows, mask_rows(crc_rows(rows)) == stored
    rows, crcs = crc_compact(rows)
    return rows, mask_rows(crcs) == stored


def _ragged(buffer: Bytes, scan: Scan, groups: Sequence[Offsets], width: int) -> Iterator[Payload]:
    """Yield the groups of a scan, checked in one pass; no frame's data is longer than `width`."""
    members = np.concatenate(groups)
    ends = scan.starts[members] + scan.lengths[members] + HEADER
    # The first frame of a file may be shorter than the rows are wide.
    ahead = np.concatenate((np.zeros(width, np.uint8), buffer))
    framed = _windows(ahead, width + 4)[ends]
    stored = np.ascontiguousarray(framed[:, width:]).view("<u4")[:, 0]
    lengths, counts = [int(scan.lengths[group[0]]) for group in groups], [len(g) for g in groups]
    rows, crcs = crc_ragged(framed[:, :width], lengths, counts)
    sound = mask_rows(crcs) == stored
    stop = 0
    for group, length, count in zip(groups, lengths, counts, strict=True):
        first, stop = stop, stop + count
        yield Payload(group, rows[first:stop, rows.shape[1] - length :], sound[first:stop])


def _frame_rows_of(buffer: Bytes, starts: Offsets, width: int) -> Bytes:
    """Return `width` bytes from each start on: without a copy where the starts are evenly apart."""
    if len(starts) > 1:
        stride = int(starts[1] - starts[0])
        if int(starts[-1] - starts[0]) == stride * (len(starts) - 1) and (
            (starts[1:] - starts[:-1] == stride).all()
        ):
            frames: Bytes = np.ndarray(
                (len(starts), width), np.uint8, buffer, int(starts[0]), (stride, 1)
            )
            return frames
    return _windows(buffer, width)[starts]


def _windows(buffer: Bytes, width: int) -> Bytes:
    """Return the `width` bytes from every place on, without a copy."""
    # What numpy's own sliding_window_view gives, which spends far more on its checks.
    shape = len(buffer) - width + 1, width
    windows: Bytes = np.ndarray(shape, np.uint8, buffer, 0, (1, 1))
    return windows
