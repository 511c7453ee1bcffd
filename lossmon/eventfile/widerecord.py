"""The wide record: three float32 tensors of one step in one `Event`, always of the same length."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lossmon import signals
from lossmon.eventfile.encoding import STEP_WIDTH
from lossmon.eventfile.event import DT_FLOAT
from lossmon.eventfile.wire import bytes_field, varint, varint_field
from lossmon.records import RunMeta

TAGS = (signals.PARAMETERS_TAG, signals.LAYERS_TAG, signals.RUN_TAG)


@dataclass(frozen=True, slots=True)
class TableNames:
    """What the rows and the columns of a table are called."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]


def table_names(meta: RunMeta) -> dict[str, TableNames]:
    """Return the names of each table's rows and columns, by tag; the run-level one has one row."""
    parameters = tuple(parameter.name for parameter in meta.parameters)
    layers = tuple(layer.name for layer in meta.layers)
    return {
        signals.PARAMETERS_TAG: TableNames(parameters, meta.parameter_signals),
        signals.LAYERS_TAG: TableNames(layers, meta.layer_signals),
        signals.RUN_TAG: TableNames(("",), meta.run_signals),
    }


def table_shapes(meta: RunMeta) -> tuple[tuple[int, int], ...]:
    """Return (rows, columns) of the parameter, layer and run-level tensor."""
    names = table_names(meta)
    return tuple((len(names[tag].rows), len(names[tag].columns)) for tag in TAGS)


class WideEncoder:
    """Encodes wide records of one set of rows and columns; all but the numbers is built once."""

    def __init__(self, meta: RunMeta) -> None:
        self.sizes = tuple(4 * rows * columns for rows, columns in table_shapes(meta))
        """Bytes of each tensor's numbers, in the order of `TAGS`."""
        heads = []
        for tag, shape, size in zip(TAGS, table_shapes(meta), self.sizes, strict=True):
            heads.append(_value_head(tag, shape, size))
        length = sum(map(len, heads)) + sum(self.sizes)
        self._heads = (varint(5 << 3 | 2) + varint(length) + heads[0], *heads[1:])

    def __call__(self, step: int, wall_time: float, tables: tuple[bytes, bytes, bytes]) -> bytes:
        """Return the record; `tables` are little-endian float32, row after row."""
        front = b"\x09" + struct.pack("<d", wall_time) + b"\x10" + varint(step, STEP_WIDTH)
        pairs = zip(self._heads, tables, strict=True)
        return b"".join((front, *(part for pair in pairs for part in pair)))


def _value_head(tag: str, shape: tuple[int, int], size: int) -> bytes:
    """Return a summary value up to the numbers, which come last in it."""
    dims = b"".join(bytes_field(2, varint_field(1, n)) for n in shape)
    tensor = varint_field(1, DT_FLOAT) + bytes_field(2, dims) + varint(4 << 3 | 2) + varint(size)
    name = bytes_field(1, tag.encode())
    tensor_length = len(tensor) + size
    value = name + varint(8 << 3 | 2) + varint(tensor_length) + tensor
    return varint(1 << 3 | 2) + varint(len(value) + size) + value
