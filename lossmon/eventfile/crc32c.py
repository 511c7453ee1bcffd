"""CRC-32C (Castagnoli) of byte strings, one at a time or of many rows of equal length at once.

The raw register (started at 0) is linear: zeros in front change nothing, and the register of two
joined strings is the first one's, carried over as many zero bytes, xor the second one's. So a row
is cut into lanes, all lanes run four bytes at a time side by side, and their registers are folded
in pairs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Registers = NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78
_ALL = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8
_WORD = 4
"""Bytes taken in one round."""
_LANE = 32
"""Bytes of a lane of a long row: fewer cost more folding, more cost more rounds over few lanes."""
_SHORT = 1500
"""Below this many bytes the plain loop over a table is quicker than starting numpy (measured)."""


def _byte_table() -> Registers:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ np.where(table & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
    return table


_TABLE = _byte_table()
_TABLE_INTS: list[int] = _TABLE.tolist()


@lru_cache(maxsize=512)
def _zeros_tables(zeros: int) -> Registers:
    """Return four tables, shape (4, 256), that carry a register over `zeros` >= 1 zero bytes."""
    if zeros == 1:
        low = np.arange(256, dtype=np.uint32)
        return np.stack([_TABLE, low, low << 8, low << 16]).astype(np.uint32)
    half, rest = zeros // 2, zeros % 2
    tables = _carry(_zeros_tables(half).ravel(), half)
    return (_carry(tables, rest) if rest else tables).reshape(4, 256)


def _carry(registers: Registers, zeros: int) -> Registers:
    tables = _zeros_tables(zeros)
    carried: Registers = tables[0][registers & 0xFF]
    carried ^= tables[1][(registers >> 8) & 0xFF]
    carried ^= tables[2][(registers >> 16) & 0xFF]
    carried ^= tables[3][registers >> 24]
    return carried


@lru_cache(maxsize=1)
def _word_tables() -> tuple[Registers, Registers]:
    """Return what carries the low and the high half of a register over a word of zeros."""
    tables, half = _zeros_tables(_WORD), np.arange(1 << 16)
    low: Registers = tables[0][half & 0xFF] ^ tables[1][half >> 8]
    high: Registers = tables[2][half & 0xFF] ^ tables[3][half >> 8]
    return low, high


@lru_cache(maxsize=4096)
def _start_register(length: int) -> int:
    """Return what the register's conventional start value of all ones adds after `length` bytes."""
    return int(_carry(np.array([_ALL], dtype=np.uint32), length)[0])


def crc_rows(rows: NDArray[np.uint8]) -> Registers:
    """Return the CRC-32C of each row of a (k, length) array, shape (k,)."""
    count, length = rows.shape
    if length == 0 or count == 0:
        return np.zeros(count, dtype=np.uint32)
    if length > _SHORT and crc32c is not _python_crc32c:
        return np.array([crc32c(row.tobytes()) for row in rows], np.uint32)
    lanes = 1 if count >= 64 and length <= 1024 else 1 << (length // _LANE).bit_length()
    width = -(-length // (lanes * _WORD)) * _WORD
    return _crcs(_behind_zeros(rows, lanes * width), length, lanes)


def crc_compact(rows: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Registers]:
    """Return a copy of short rows, compact in memory, and the CRC-32C of each."""
    length = rows.shape[1]
    padded = _behind_zeros(rows, -(-length // _WORD) * _WORD)
    return padded[:, padded.shape[1] - length :], _crcs(padded, length, 1)


def crc_ragged(
    rows: NDArray[np.uint8], lengths: Sequence[int], counts: Sequence[int]
) -> tuple[NDArray[np.uint8], Registers]:
    """Return the CRC-32C of what stands at the end of each row: lengths[0] bytes in the first
    counts[0] rows, lengths[1] in the next counts[1], ...; and the rows with zeros in front of it.

    The rows returned may be wider than those given.
    """
    padded = _behind_zeros(rows, -(-rows.shape[1] // _WORD) * _WORD)
    width = padded.shape[1]
    stop = 0
    for length, count in zip(lengths, counts, strict=True):
        first, stop = stop, stop + count
        padded[first:stop, : width - length] = 0
    starts = np.array([_start_register(length) ^ _ALL for length in lengths], np.uint32)
    crcs: Registers = _lane_registers(padded) ^ starts.repeat(counts)
    return padded, crcs


def _behind_zeros(rows: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Return the rows at the right end of wider ones: zeros in front change no register."""
    count, length = rows.shape
    padded = np.zeros((count, width), dtype=np.uint8)
    padded[:, width - length :] = rows
    return padded


def _crcs(padded: NDArray[np.uint8], length: int, lanes: int) -> Registers:
    count, width = padded.shape[0], padded.shape[1] // lanes
    registers = _lane_registers(padded.reshape(count * lanes, width))
    registers = _fold(registers.reshape(count, lanes), width)
    crcs: Registers = registers ^ np.uint32(_start_register(length) ^ _ALL)
    return crcs


def _lane_registers(lanes: NDArray[np.uint8]) -> Registers:
    low, high = _word_tables()
    registers = np.zeros(len(lanes), np.uint32)
    for word in np.ascontiguousarray(lanes.view("<u4").T):
        registers = registers ^ word
        # `take` with a wrap that never happens: indexing would check bounds, at twice the time.
        high_half = high.take(registers >> 16, mode="wrap")
        registers = low.take(registers & 0xFFFF, mode="wrap") ^ high_half
    return registers


def _fold(registers: Registers, width: int) -> Registers:
    while registers.shape[1] > 1:
        registers = _carry(registers[:, ::2], width) ^ registers[:, 1::2]
        width *= 2
    folded: Registers = registers[:, 0]
    return folded


def _python_crc32c(data: bytes) -> int:
    if len(data) > _SHORT:
        return int(crc_rows(np.frombuffer(data, dtype=np.uint8)[None])[0])
    register, table = _ALL, _TABLE_INTS
    for byte in data:
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ _ALL


def _fastest() -> Callable[[bytes], int]:
    for module, name in (("google_crc32c", "value"), ("crc32c", "crc32c")):
        try:
            found: Callable[[bytes], int] = getattr(__import__(module), name)
            if found(b"123456789") == 0xE3069283:
                return found
        except Exception:  # a broken optional accelerator must not cost the log
            continue
    return _python_crc32c


crc32c: Callable[[bytes], int] = _fastest()
"""Return the CRC-32C of a byte string, by a C library where one is installed."""


def mask(crc: int) -> int:
    """Return the masked form that TFRecord stores."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _ALL


def mask_rows(crcs: Registers) -> Registers:
    """Return the masked form of each CRC."""
    masked = ((crcs >> 15) | (crcs << 17)).astype(np.uint64) + _MASK_DELTA
    return (masked & _ALL).astype(np.uint32)


def masked_bytes(data: bytes) -> bytes:
    """Return the four bytes that follow `data` in a TFRecord."""
    return struct.pack("<I", mask(crc32c(data)))
