"""The search for the next sound record behind a damaged place, at a cost linear in the file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lossmon.eventfile.crc32c import crc_rows, mask_rows, masked_bytes
from lossmon.eventfile.framing import HEADER, MAX_RECORD, OVERHEAD, Bytes, Offsets

_FIRST_WINDOW = 4 << 10
_WINDOW = 1 << 20
_ALLOWANCE = 64 << 20
_PER_BYTE = 8
_ALWAYS = 1 << 10
"""Records up to this length are always verified; longer ones while the allowance lasts."""


class Resync:
    """Finds sound records; keeps account of what it verified, so that decoys cannot hold it up."""

    def __init__(self) -> None:
        self.runs = 0
        self._verified = 0
        self._searched = 0
        """Up to here there is nothing, however much the file grows."""

    def search(self, read: Callable[[int, int], bytes], start: int, size: int) -> int:
        """Return the offset of the first whole and sound record from `start` on, or -1."""
        self.runs += 1
        window, unfinished = _FIRST_WINDOW, size
        start = max(start, self._searched)
        while start + OVERHEAD <= size:
            buffer = np.frombuffer(read(start, window + HEADER - 1), np.uint8)
            for at, length in _headers(buffer):
                if self._is_sound(read, start + at, length, size):
                    return start + at
                if start + at + length + OVERHEAD > size:
                    unfinished = min(unfinished, start + at)
            start += window
            window = min(_WINDOW, window * 4)
        self._searched = max(self._searched, min(unfinished, size - OVERHEAD + 1))
        return -1

    def _is_sound(self, read: Callable[[int, int], bytes], at: int, length: int, size: int) -> bool:
        if at + length + OVERHEAD > size:
            return False
        if length > _ALWAYS and self._verified + length > _ALLOWANCE + _PER_BYTE * size:
            return False
        self._verified += length
        frame = read(at + HEADER, length + 4)
        return masked_bytes(frame[:length]) == frame[length:]


def _headers(buffer: Bytes) -> list[tuple[int, int]]:
    """Return (offset, length) where a length and its checksum agree."""
    if len(buffer) < HEADER:
        return []
    heads = sliding_window_view(buffer, HEADER)
    # No checksum is 0, so that pages of zeros hold no candidates.
    candidates: Offsets = np.flatnonzero(~heads[:, 4:8].any(axis=1) & heads[:, 8:].any(axis=1))
    rows = heads[candidates]
    lengths = np.ascontiguousarray(rows[:, :4]).view("<u4")[:, 0]
    stored = np.ascontiguousarray(rows[:, 8:]).view("<u4")[:, 0]
    sound = (mask_rows(crc_rows(rows[:, :8])) == stored) & (lengths <= MAX_RECORD)
    return list(zip(candidates[sound].tolist(), lengths[sound].tolist(), strict=True))
