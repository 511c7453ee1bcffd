"""What the layers put out: the layer table of a run, seen from its beginning and its window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.sampling import EARLY_ROWS, early_and_spread, most_rows, spread
from lossmon.diagnosis.stats import median_of_columns
from lossmon.records import LayerInfo, Run, Table
from lossmon.signals import Signal

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

FEW_RECORDS = 8
"""So many of the newest records speak for a window that holds fewer."""


@dataclass(frozen=True)
class Layers:
    """Leaf modules in the order in which they first ran; columns have one entry for each."""

    run: Run
    since: int
    """First step of the window."""

    @cached_property
    def infos(self) -> tuple[LayerInfo, ...]:
        """Who the layers are; empty where none were recorded."""
        return self.run.meta.layers if self.run.meta is not None and self.table else ()

    @property
    def table(self) -> Table | None:
        """The layer table; None where none was recorded."""
        table = self.run.layers
        return table if table is not None and len(table) else None

    @cached_property
    def steps(self) -> Steps:
        """Steps with a layer record, ascending."""
        return self.table.steps if self.table is not None else np.zeros(0, np.int64)

    @cached_property
    def early(self) -> Steps:
        """Indices of the records of the beginning."""
        return np.arange(min(EARLY_ROWS, len(self.steps)))

    @cached_property
    def newest(self) -> Steps:
        """Indices of the records that speak for the window: its own, or the newest few."""
        count = len(self.steps)
        first = int(np.searchsorted(self.steps, self.since))
        return spread(min(first, max(0, count - FEW_RECORDS)), count, self._most)

    @cached_property
    def spread(self) -> Steps:
        """Indices of records over the whole run, the earliest ones included."""
        return early_and_spread(len(self.steps), self._most)

    @property
    def _most(self) -> int:
        return most_rows(len(self.infos))

    def column(self, signal: Signal, records: Steps) -> Floats:
        """Return shape (len(records), layers) of a layer signal; NaN where not measured."""
        if self.table is None:
            return np.zeros((0, 0))
        return self.table.column(signal, records)

    def typical(self, signal: Signal, records: Steps) -> Floats:
        """Return the median of a layer signal over records, shape (layers,); NaN where unknown."""
        return median_of_columns(self.column(signal, records))

    def names(self, mask: NDArray[np.bool_]) -> tuple[str, ...]:
        """Return the names of the layers where `mask` holds, in the order in which they run."""
        return tuple(info.name for info, hit in zip(self.infos, mask, strict=True) if hit)
