"""All blocks of one model: what they measured goes to the host in one vector a device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmon.capture.block import DEAD, ROWS, STD, Block
from lossmon.capture.block import DORMANT_SHARE as DORMANT
from lossmon.capture.segments import Flat
from lossmon.capture.slots import Slot
from lossmon.capture.transfer import Transfer
from lossmon.capture.window import LEAST
from lossmon.layersignals import (
    DEAD_SHARE,
    DORMANT_SHARE,
    LAYER_SIGNALS,
    MEAN_OUT,
    OUT_NONFINITE,
    SATURATED_SHARE,
    STD_IN,
    STD_OUT,
    UNIT_STD,
    WINDOW_SAMPLES,
)

Floats = NDArray[np.float32]
COLUMNS = {signal.name: i for i, signal in enumerate(LAYER_SIGNALS)}
Ready = tuple[Block, NDArray[np.bool_]]
"""A block, and which of its slots have something new."""
_NAN = np.float32(np.nan)


def blank(rows: int) -> Floats:
    """Return a layer table in which nothing is measured yet."""
    return np.full((rows, len(LAYER_SIGNALS)), np.nan, np.float32)


class Boards:
    """Measures every layer that ran."""

    def __init__(self, slots: Iterable[Slot], shared: Sequence[tuple[int, int]]) -> None:
        """`shared`: rows whose input is the output of another row, with that row."""
        groups: dict[tuple[torch.device, int], list[Slot]] = {}
        for slot in slots:
            groups.setdefault((slot.device, slot.share.samples), []).append(slot)
        self._devices: dict[torch.device, list[Block]] = {}
        for (device, _), members in groups.items():
            self._devices.setdefault(device, []).append(Block(members))
        self._takers, self._givers = np.array(shared, np.intp).reshape(-1, 2).T

    def measure(self, transfer: Transfer, table: Floats) -> None:
        """Send what the newest forward pass did; it is placed in `table` when it has arrived."""
        for blocks in self._devices.values():
            ready = [(b, fresh) for b in blocks if (fresh := b.fresh).any()]
            if not ready:
                continue
            measured = [block.measure(fresh) for block, fresh in ready]
            counts = [block.window_counts() for block, _ in ready]
            transfer.send(_joined(measured), partial(self._place, table, ready, counts))
            for slot in (slot for block, _ in ready for slot in block.slots):
                slot.fresh = False

    def _place(
        self, table: Floats, ready: Sequence[Ready], counts: Sequence[Floats], vector: Floats
    ) -> None:
        first = 0
        for (block, fresh), seen in zip(ready, counts, strict=True):
            size = ROWS * len(fresh)
            values = vector[first : first + size].reshape(ROWS, -1) * block.applies
            first += size
            _place_block(table, block, values, fresh, seen)
        if len(self._takers):
            given = table[self._givers, _STD_OUT]
            given[np.isnan(table[self._takers, _NONFINITE])] = _NAN
            table[self._takers, _STD_IN] = given


def _joined(parts: Sequence[Flat]) -> Tensor:
    """Return arrays as one vector."""
    if isinstance(parts[0], Tensor):
        return torch.cat([part.reshape(-1) for part in parts])
    flat = [part.reshape(-1) for part in parts]
    return torch.from_numpy(np.concatenate(flat) if len(flat) > 1 else flat[0])


def _place_block(
    table: Floats, block: Block, values: Floats, fresh: NDArray[np.bool_], counts: Floats
) -> None:
    early = counts < LEAST
    if early.any():
        values[_WINDOWED, early] = _NAN
    rows, outputs = block.rows, block.outputs
    if not fresh.all():
        outputs = int(fresh[:outputs].sum())
        rows, values, counts = rows[fresh], values[:, fresh], counts[fresh]
    table[rows[:outputs], _MEASURED] = values[:, :outputs].T
    table[rows[:outputs], _SAMPLES] = counts[:outputs]
    if outputs < len(rows):
        table[rows[outputs:], _STD_IN] = values[STD, outputs:]


_STD_IN, _STD_OUT, _NONFINITE, _SAMPLES = (
    COLUMNS[signal.name] for signal in (STD_IN, STD_OUT, OUT_NONFINITE, WINDOW_SAMPLES)
)
_MEASURED = slice(_STD_OUT, _STD_OUT + ROWS)
_WINDOWED = slice(DEAD, DORMANT + 1)
_ORDER = (
    STD_OUT, UNIT_STD, MEAN_OUT, DEAD_SHARE, DORMANT_SHARE, SATURATED_SHARE, OUT_NONFINITE,
)  # fmt: skip
assert tuple(COLUMNS)[_MEASURED] == tuple(signal.name for signal in _ORDER)
