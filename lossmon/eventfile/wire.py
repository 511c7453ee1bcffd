"""Protobuf's wire format: varints and fields. Every length is checked against the bytes at hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from lossmon.errors import EventFileError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_MAX_VARINT = 10
_U64 = (1 << 64) - 1


class Field(NamedTuple):
    """One field of a message: where its value lies, and the value itself where it is a varint."""

    number: int
    wire: int
    start: int
    stop: int
    value: int


def fields(data: bytes, start: int, stop: int) -> Iterator[Field]:
    """Yield the fields of the message in `data[start:stop]`.

    Raises:
        EventFileError: The bytes are no message.
    """
    at = start
    while at < stop:
        key, at = read_varint(data, at, stop)
        wire, value, begin = key & 7, 0, at
        if wire == VARINT:
            value, at = read_varint(data, at, stop)
        elif wire == BYTES:
            length, begin = read_varint(data, at, stop)
            at = begin + length
        elif wire in (FIXED64, FIXED32):
            at += 8 if wire == FIXED64 else 4
        else:
            raise EventFileError(f"wire type {wire} is not in use")
        if at > stop:
            raise EventFileError("field is longer than its message")
        yield Field(key >> 3, wire, begin, at, value)


def read_varint(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """Return the varint at `at`, and the offset behind it.

    Raises:
        EventFileError: It does not end before `stop`, or within ten bytes.
    """
    value = 0
    for i in range(min(_MAX_VARINT, stop - at)):
        byte = data[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value & _U64, at + i + 1
    raise EventFileError("varint does not end")


def signed(value: int) -> int:
    """Return an unsigned 64-bit number read as an int64."""
    return value - (1 << 64) if value >> 63 else value


def varint(value: int, width: int = 1) -> bytes:
    """Return `value` (an int64) as a varint of at least `width` bytes."""
    value &= _U64
    encoded = bytearray()
    while value >= 0x80 or len(encoded) + 1 < width:
        encoded.append((value & 0x7F) | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def bytes_field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def varint_field(number: int, value: int, width: int = 1) -> bytes:
    """Return a varint field."""
    return varint(number << 3 | VARINT) + varint(value, width)


def double_field(number: int, value: float) -> bytes:
    """Return a double field."""
    return varint(number << 3 | FIXED64) + struct.pack("<d", value)


def float_field(number: int, value: float) -> bytes:
    """Return a float field."""
    return varint(number << 3 | FIXED32) + struct.pack("<f", value)
