"""What lossmon writes, as the data of `Event` records. Steps take five bytes: fixed lengths."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import NamedTuple

from lossmon import signals
from lossmon.eventfile.event import DT_STRING, START
from lossmon.eventfile.wire import bytes_field, double_field, varint, varint_field

STEP_WIDTH = 5
"""Bytes of a step: enough below 2**35; padded, so that every record of a set of tags is as long."""
MAX_TAG = 4096
"""Bytes of the longest tag that is written: readers refuse a longer one with its whole record."""
MAX_TAGS = 40_000
"""Different tags of scalars in a file; readers keep 50,000."""
_KEPT_LAYOUTS = 256
_KEPT_TAGS = 100_000
_DATA_CLASS_TENSOR = 2
_FLOAT32_MAX = 3.4028234663852886e38


def _event(step: int, wall_time: float, rest: bytes) -> bytes:
    return double_field(1, wall_time) + varint_field(2, step, STEP_WIDTH) + rest


def version_event(wall_time: float, writer: str) -> bytes:
    """Return the record that every event file begins with."""
    source = bytes_field(10, bytes_field(1, writer.encode()))
    return double_field(1, wall_time) + bytes_field(3, b"brain.Event:2") + source


def start_event(step: int, wall_time: float) -> bytes:
    """Return a SessionLog START: readers drop what an earlier start wrote at `step` or later."""
    return _event(step, wall_time, bytes_field(7, varint_field(1, START)))


def text_event(tag: str, step: int, wall_time: float, text: str) -> bytes:
    """Return a record of one string, kept for lossmon's own plugin in TensorBoard."""
    content = json.dumps({"schema": signals.SCHEMA}).encode()
    plugin = bytes_field(1, signals.PLUGIN_NAME.encode()) + bytes_field(2, content)
    metadata = bytes_field(1, plugin) + varint_field(4, _DATA_CLASS_TENSOR)
    tensor = varint_field(1, DT_STRING) + bytes_field(2, b"")
    tensor += bytes_field(8, text.encode("utf-8", "replace"))
    value = bytes_field(1, tag.encode()) + bytes_field(9, metadata) + bytes_field(8, tensor)
    return _event(step, wall_time, bytes_field(5, bytes_field(1, value)))


class ScalarEncoder:
    """Encodes the scalars of a step; the bytes around the numbers are built once a set of tags."""

    def __init__(self) -> None:
        self.refused = 0
        """Values left out because their tag is no text, too long, or one too many."""
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._kept_tags = 0
        self._tags = {signal.tag for signal in signals.SCALARS}

    def __call__(self, step: int, wall_time: float, values: Mapping[str, float]) -> bytes:
        """Return the record of these values; what a float32 cannot hold becomes infinite.

        Raises:
            ValueError: A value is no number.
            TypeError: The same.
        """
        tags = tuple(values)
        layout = self._layouts.get(tags)
        if layout is None:
            admitted = tuple(filter(self._admits, tags))
            if admitted != tags:
                self.refused += len(tags) - len(admitted)
                return self(step, wall_time, {tag: values[tag] for tag in admitted})
            layout = self._keep(tags)
        items: list[bytes | float] = []
        for prefix, value in zip(layout.prefixes, values.values(), strict=True):
            items += (prefix, _float32(value))
        step_bytes = varint(step, STEP_WIDTH)
        if len(step_bytes) > STEP_WIDTH:
            return _long_step(step_bytes, wall_time, layout, items)
        return layout.packer.pack(b"\x09", wall_time, b"\x10", step_bytes, layout.head, *items)

    def _admits(self, tag: object) -> bool:
        if not isinstance(tag, str) or len(tag.encode("utf-8", "replace")) > MAX_TAG:
            return False
        if tag not in self._tags and len(self._tags) >= MAX_TAGS:
            return False
        self._tags.add(tag)
        return True

    def _keep(self, tags: tuple[str, ...]) -> _Layout:
        self._kept_tags += len(tags)
        if len(self._layouts) >= _KEPT_LAYOUTS or self._kept_tags > _KEPT_TAGS:
            self._layouts.clear()
            self._kept_tags = len(tags)
        layout = self._layouts[tags] = _layout(tags)
        return layout


class _Layout(NamedTuple):
    packer: struct.Struct
    head: bytes
    prefixes: tuple[bytes, ...]


def _layout(tags: tuple[str, ...]) -> _Layout:
    prefixes = []
    for tag in tags:
        name = bytes_field(1, tag.encode("utf-8", "replace"))
        prefixes.append(varint(1 << 3 | 2) + varint(len(name) + 5) + name + b"\x15")
    head = varint(5 << 3 | 2) + varint(sum(len(prefix) + 4 for prefix in prefixes))
    numbers = "".join(f"{len(prefix)}sf" for prefix in prefixes)
    packer = struct.Struct(f"<sds{STEP_WIDTH}s{len(head)}s{numbers}")
    return _Layout(packer, head, tuple(prefixes))


def _long_step(step: bytes, wall_time: float, layout: _Layout, items: list[bytes | float]) -> bytes:
    """Return the record of a step beyond 2**35 or below 0; its length differs from the others'."""
    blank = b"\x80" * STEP_WIDTH
    packed = layout.packer.pack(b"\x09", wall_time, b"\x10", blank, layout.head, *items)
    at = len(b"\x09") + 8 + len(b"\x10")
    return packed[:at] + step + packed[at + STEP_WIDTH :]


def _float32(value: float) -> float:
    value = float(value)
    too_large = abs(value) > _FLOAT32_MAX
    return math.copysign(math.inf, value) if too_large else value
