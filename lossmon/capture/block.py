"""Statistics of many layers at once: their sampled elements side by side, one column a unit.

A dozen passes over one array whatever the number of layers; numpy's on the CPU, where a call costs
half of torch's, and torch's on a device. Only host memory is ever looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmon.capture.functions import CERTAIN
from lossmon.capture.roles import Roles
from lossmon.capture.segments import Flat
from lossmon.capture.slots import Slot
from lossmon.capture.window import Window

DORMANT = 0.025
"""Score up to which a unit is dormant (Sokar et al. 2023, section 4)."""
STD, UNIT_STD, MEAN, DEAD, DORMANT_SHARE, SATURATED, NONFINITE = range(7)
"""Rows of what `measure` returns, in the order of the table's columns."""
ROWS = 7
MAX_MASKS = 64
_NAN = np.float32(np.nan)


class Block:
    """Layers on one device that are read at the same number of samples."""

    def __init__(self, slots: Sequence[Slot], *, numpy: bool | None = None) -> None:
        """The slots' targets move here."""
        slots = sorted(slots, key=lambda slot: slot.is_input)
        self.slots = slots
        self.outputs = sum(not slot.is_input for slot in slots)
        """So many of the slots, the first ones, are for outputs."""
        self.rows = np.array([slot.row for slot in slots], np.intp)
        device, self._samples = slots[0].device, slots[0].share.samples
        self._on_cpu = device.type == "cpu" if numpy is None else numpy
        self._kept = np.array([slot.share.kept for slot in slots])
        ends = np.cumsum(self._kept)
        self._starts = (ends - self._kept).astype(np.intp)
        spans = zip(self._starts.tolist(), ends.tolist(), strict=True)
        self._spans = [slice(start, end) for start, end in spans]
        self._block = torch.zeros(self._samples, int(ends[-1]), device=device)
        for slot, span in zip(slots, self._spans, strict=True):
            slot.move(self._block[:, span])
        self._x: Flat = self._block.numpy() if self._on_cpu else self._block
        self._owner = self._here(np.repeat(np.arange(len(slots)), self._kept))
        self._widths = self._here(self._kept.astype(np.float32))
        self._table = self._here(np.zeros((6, int(ends[-1])), np.float32))
        self._masks: dict[bytes, Flat] = {}
        self._set_roles(Roles(slots))

    @property
    def fresh(self) -> NDArray[np.bool_]:
        """Which slots hold what the newest forward pass put there."""
        return np.array([slot.fresh for slot in self.slots], bool)

    def window_counts(self) -> NDArray[np.float32]:
        """Return the samples of each unit in the window; NaN for layers without a function."""
        return np.where(self._roles.has_function, self._window.counts, _NAN)

    def measure(self, fresh: NDArray[np.bool_]) -> Flat:
        """Return one column a slot, one row for each of `STD`, `UNIT_STD`, ...

        `fresh` says which slots have something new; the others' columns mean nothing.
        """
        # Overflow and NaN are what is looked for; numpy need not say so on stderr.
        with np.errstate(all="ignore"):
            x, table, n = self._x, self._table, self._samples
            # Of a value far from 0 the square would lose what the deviation keeps.
            deviation = x - x[0]
            shift = deviation.sum(0) / n
            table[0] = x[0] + shift
            table[1] = ((deviation * deviation).sum(0) / n - shift * shift).clip(min=0)
            table[2] = self._nonfinite(table[1])
            if not self._has_roles:
                return self._rows(self._per_layer(table[:3]))
            self._activity(fresh)
            return self._rows(self._per_layer(table))

    def _set_roles(self, roles: Roles) -> None:
        self._roles = roles
        self._low, self._high = self._per_unit(roles.low), self._per_unit(roles.high)
        self._has_roles = bool(roles.has_function.any())
        self._has_limits = bool(roles.has_limits.any())
        self._floor = self._per_unit(roles.floor)
        self._has_floor = bool((roles.floor == 0).any())
        self._window = Window(self._table[0] * 0, self._spans, self._samples)
        # NaN where a number says nothing of a slot.
        self.applies = np.ones((ROWS, len(self.slots)), np.float32)
        self.applies[DEAD, ~roles.fires] = _NAN
        self.applies[DORMANT_SHARE, ~roles.has_function] = _NAN
        self.applies[SATURATED, ~(roles.has_limits | roles.is_softmax)] = _NAN

    def _activity(self, fresh: NDArray[np.bool_]) -> None:
        """Fill in of every unit whether it is dead, its mass in the window, its pinned share."""
        x, table, window = self._x, self._table, self._window
        active = x.clip(min=self._floor) if self._has_floor else x
        if self._roles.worked_out:
            active = self._work_out(active)
        peak = np.maximum.reduce(x, 0) if self._on_cpu else x.amax(0)
        mask = None if fresh.all() else self._mask(fresh)
        window.add(peak, abs(active).sum(0), fresh, mask)
        table[3] = window.peak() <= 0
        table[4] = window.mass()
        table[5] = 0
        if self._has_limits:
            table[5] = ((x >= self._high) | (x <= self._low)).sum(0) / self._samples
        for at in np.flatnonzero(self._roles.is_softmax).tolist():
            p = self._block[:, self._spans[at]]
            p = p.softmax(1) if self._roles.follows[at] else p
            share = (p.amax(1) > CERTAIN).float().mean()
            table[5, self._spans[at]] = share.item() if self._on_cpu else share

    def _work_out(self, active: Flat) -> Flat:
        active = active.copy() if self._on_cpu else active.clone()
        for at, apply in self._roles.worked_out:
            result = apply(self._block[:, self._spans[at]])
            active[:, self._spans[at]] = result.numpy() if self._on_cpu else result
        return active

    def _rows(self, means: Flat) -> Flat:
        """Return the rows of `measure` from the means over each layer's units."""
        table, found = self._table, self._here(np.zeros((ROWS, len(self.slots)), np.float32))
        has_roles = len(means) > 3
        table[0] = (table[0] - means[0][self._owner]) ** 2
        if has_roles:
            table[1] = table[4] <= DORMANT * means[4][self._owner]
        second = self._per_layer(table[: 1 + has_roles])
        found[STD] = (means[1] + second[0]) ** 0.5
        found[UNIT_STD] = means[1] ** 0.5
        found[MEAN] = means[0]
        found[NONFINITE] = means[2] * self._widths
        if has_roles:
            found[DEAD], found[SATURATED] = means[3], means[5]
            found[DORMANT_SHARE] = second[1]
        return found

    def _per_layer(self, values: Flat) -> Flat:
        """Return the mean over each layer's units."""
        if self._on_cpu:
            return np.add.reduceat(values, self._starts, axis=1) / self._widths
        sums = torch.zeros(len(values), len(self.slots), device=values.device)
        return sums.index_add_(1, self._owner, values) / self._widths

    def _nonfinite(self, variance: Flat) -> Flat:
        if self._on_cpu and np.isfinite(variance).all():
            return 0.0
        return ((self._x - self._x) != 0).sum(0)

    def _mask(self, fresh: NDArray[np.bool_]) -> Flat:
        key = fresh.tobytes()
        if key not in self._masks:
            if len(self._masks) >= MAX_MASKS:
                self._masks.clear()
            self._masks[key] = self._per_unit(fresh)
        return self._masks[key]

    def _per_unit(self, values: NDArray[np.generic]) -> Flat:
        """Return one number a slot as one a unit."""
        return self._here(np.repeat(values, self._kept))

    def _here(self, array: NDArray[np.generic]) -> Flat:
        if self._on_cpu:
            return array
        host: Tensor = torch.from_numpy(array)
        if self._block.is_cuda:
            # From pageable memory the copy would wait for the device.
            host = host.pin_memory()
        return host.to(self._block.device, non_blocking=True)
