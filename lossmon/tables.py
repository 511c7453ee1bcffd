"""Wide records: the signals of every parameter, layer or run at every sampled step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lossmon.signals import Signal

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
_ALL = slice(None)


class Numbers(Protocol):
    """The numbers of wide records: in memory, or where they can be read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(records, rows, columns)."""

    def column(self, index: int, records: slice | Steps) -> NDArray[np.float32]:
        """Return shape (k, rows) of one column of some records."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The wide records of one scope: signals of every row at every sampled step."""

    signals: tuple[str, ...]
    """Names of the columns."""
    steps: Steps
    """Sampled steps, ascending, shape (n,)."""
    wall_times: Floats
    values: NDArray[np.float32] | Numbers
    """Shape (n or more, rows, columns); NaN where a value was not measured at that step."""

    def __len__(self) -> int:
        return len(self.steps)

    def column(self, signal: Signal, records: slice | Steps = _ALL) -> Floats:
        """Return shape (n, rows) of one signal; all NaN where the log has no such column.

        `records` selects by index, so that a window costs no copy of the whole table.
        """
        wanted = _all_of(records, len(self))
        if signal.name not in self.signals:
            return np.full((len(self.steps[wanted]), self.values.shape[1]), np.nan)
        index = self.signals.index(signal.name)
        if isinstance(self.values, np.ndarray):
            column: NDArray[Any] = self.values[:, :, index][wanted]
        else:
            column = self.values.column(index, wanted)
        return column.astype(np.float64)

    def records(self, records: Steps) -> Floats:
        """Return shape (k, rows, columns): all signals of some records, by index."""
        if isinstance(self.values, np.ndarray):
            return self.values[records].astype(np.float64)
        columns = [self.values.column(index, records) for index in range(len(self.signals))]
        return np.stack(columns, axis=2).astype(np.float64)

    def of_rows(self, signal: Signal, rows: Sequence[int]) -> Floats:
        """Return shape (n, len(rows)) of one signal: a few rows at the cost of a few."""
        if signal.name not in self.signals:
            return np.full((len(self), len(rows)), np.nan)
        index, chosen = self.signals.index(signal.name), list(rows)
        if isinstance(self.values, np.ndarray):
            picked: NDArray[Any] = self.values[: len(self), chosen, index]
        else:
            picked = self.values.column(index, slice(0, len(self)))[:, chosen]
        return picked.astype(np.float64)

    def until(self, step: int) -> Table:
        """Return the records up to and including `step`."""
        n = int(np.searchsorted(self.steps, step, side="right"))
        return replace(self, steps=self.steps[:n], wall_times=self.wall_times[:n])


def _all_of(records: slice | Steps, count: int) -> slice | Steps:
    """Return what selects the same of `count` records, as a slice where that is all of them."""
    if isinstance(records, slice):
        records = np.arange(*records.indices(count))
    whole = len(records) == count and bool((records[1:] > records[:-1]).all())
    return slice(0, count) if whole else records
