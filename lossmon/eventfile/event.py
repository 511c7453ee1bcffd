"""What an `Event` record says: decoding. Only the fields that a log of scalars and tensors needs.

Numbers are not copied out of the record: a `Slot` says where they lie, so that the thousands of
records that differ from this one in their numbers alone can be read as columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lossmon.errors import EventFileError
from lossmon.eventfile.wire import BYTES, FIXED32, FIXED64, VARINT, Field, fields, signed

START = 1
"""`SessionLog.SessionStatus.START`."""
DT_FLOAT, DT_STRING = 1, 7
_DTYPES = {DT_FLOAT: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}
_ITEM = {"<f4": 4, "<f8": 8, "<i4": 4, "<i8": 8, "<f2": 2}
_MAX_DIMENSIONS = 16
_MAX_TAG = 4096
_MAX_VALUES = 100_000


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value's numbers lie in its record."""

    start: int
    count: int
    dtype: str
    shape: tuple[int, ...]
    """Empty for a scalar."""

    @property
    def stop(self) -> int:
        """First byte behind the numbers."""
        return self.start + self.count * _ITEM[self.dtype]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a summary."""

    tag: str
    plugin: str = ""
    slot: Slot | None = None
    """None for text, images, histograms and what else lossmon does not read."""
    text: bytes | None = None
    """First string of a string tensor."""
    tag_at: tuple[int, int] = (0, 0)
    """First byte of the tag and the one behind it."""
    histogram: bool = False
    """Whether it is a histogram in the encoding of TensorFlow 1, which torch writes too."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record; offsets count from the start of its data."""

    wall_at: int = -1
    """Offset of the wall time, a little-endian double; -1 where there is none."""
    step_at: tuple[int, int] = (0, 0)
    """First byte of the step's varint and the one behind it; equal where there is none: step 0."""
    step: int = 0
    starts: bool = False
    """Whether it is a SessionLog START: what stood at this step or later is superseded."""
    values: tuple[Value, ...] = ()


def decode_event(data: bytes) -> Event:
    """Decode the data of one record.

    Raises:
        EventFileError: The bytes are no such message.
    """
    wall_at, step_at, step, starts = -1, (0, 0), 0, False
    values: list[Value] = []
    for field in fields(data, 0, len(data)):
        if field.number == 1 and field.wire == FIXED64:
            wall_at = field.start
        elif field.number == 2 and field.wire == VARINT:
            step_at, step = (field.start, field.stop), signed(field.value)
        elif field.number == 5 and field.wire == BYTES:
            values += _values(data, field)
        elif field.number == 7 and field.wire == BYTES:
            starts = _is_start(data, field)
    return Event(wall_at, step_at, step, starts, tuple(values))


def _is_start(data: bytes, log: Field) -> bool:
    inner = fields(data, log.start, log.stop)
    return any(f.number == 1 and f.wire == VARINT and f.value == START for f in inner)


def _values(data: bytes, summary: Field) -> list[Value]:
    found = []
    for field in fields(data, summary.start, summary.stop):
        if field.number == 1 and field.wire == BYTES:
            found.append(_value(data, field))
            if len(found) > _MAX_VALUES:
                raise EventFileError("more values than a record may hold")
    return found


def _value(data: bytes, value: Field) -> Value:
    tag, plugin, slot, text, tag_at, histogram = "", "", None, None, (0, 0), False
    for field in fields(data, value.start, value.stop):
        if field.number == 1 and field.wire == BYTES:
            tag, tag_at = tag_name(data[field.start : field.stop]), (field.start, field.stop)
        elif field.number == 2 and field.wire == FIXED32:
            slot = Slot(field.start, 1, "<f4", ())
        elif field.number == 5 and field.wire == BYTES:
            histogram = True
        elif field.number == 8 and field.wire == BYTES:
            slot, text = _tensor(data, field)
        elif field.number == 9 and field.wire == BYTES:
            plugin = _plugin(data, field)
    return Value(tag, plugin, slot, text, tag_at, histogram)


def tag_name(name: bytes) -> str:
    """Return a tag as text.

    Raises:
        EventFileError: It is longer than any tag may be.
    """
    if len(name) > _MAX_TAG:
        raise EventFileError("name is too long")
    return name.decode("utf-8", "replace")


def _plugin(data: bytes, metadata: Field) -> str:
    for field in fields(data, metadata.start, metadata.stop):
        if field.number == 1 and field.wire == BYTES:
            for inner in fields(data, field.start, field.stop):
                if inner.number == 1 and inner.wire == BYTES:
                    return tag_name(data[inner.start : inner.stop])
    return ""


def _tensor(data: bytes, tensor: Field) -> tuple[Slot | None, bytes | None]:
    dtype, text = 0, None
    shape: tuple[int, ...] = ()
    numbers: list[Field] = []
    for field in fields(data, tensor.start, tensor.stop):
        if field.number == 1 and field.wire == VARINT:
            dtype = field.value
        elif field.number == 2 and field.wire == BYTES:
            shape = _shape(data, field)
        elif field.number in (4, 5, 6) and field.wire != VARINT:
            numbers.append(field)
        elif field.number == 8 and field.wire == BYTES and text is None:
            text = data[field.start : field.stop]
    if len(numbers) != 1:  # several, unpacked: no writer does so for what lossmon reads
        return None, text
    return _slot(numbers[0], dtype, shape), text


def _slot(field: Field, number: int, shape: tuple[int, ...]) -> Slot | None:
    dtype = {5: "<f4", 6: "<f8"}.get(field.number) or _DTYPES.get(number, "")
    item = _ITEM.get(dtype, 0)
    size = field.stop - field.start
    if not item or not size or size % item or size // item != math.prod(shape):
        return None
    return Slot(field.start, size // item, dtype, shape)


def _shape(data: bytes, shape: Field) -> tuple[int, ...]:
    sizes = []
    for field in fields(data, shape.start, shape.stop):
        if field.number == 2 and field.wire == BYTES:
            inner = fields(data, field.start, field.stop)
            sizes.append(next((f.value for f in inner if f.number == 1 and f.wire == VARINT), 0))
            if len(sizes) > _MAX_DIMENSIONS:
                raise EventFileError("tensor has too many dimensions")
    return tuple(sizes)
