"""Which rows of a run each of its optimizers holds, and which of them its steps are to measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch.optim import Optimizer

from lossmon.capture.groups import Holders, group_of_parameter, held_count
from lossmon.capture.layout import Row

Rows = NDArray[np.bool_]
Key = tuple[int | None, int, int]
"""id() of an optimizer, and what changes where others are added, or parameters."""


class Holdings:
    """Remembers what the optimizers hold, until they hold more."""

    def __init__(self, rows: Sequence[Row], holders: Holders) -> None:
        """`holders` is the recorder's own, and may grow."""
        self._rows = rows
        self._holders = holders
        self._held: dict[Key, tuple[Rows, Rows]] = {}

    def key(self, optimizer: Optimizer | None) -> Key:
        """Return what stays the same as long as the answers for `optimizer` do."""
        living = self._holders.living()
        return None if optimizer is None else id(optimizer), len(living), held_count(living)

    def of(self, optimizer: Optimizer | None) -> tuple[Rows, Rows]:
        """Return which rows `optimizer` holds, and which only other optimizers of the run hold."""
        key = self.key(optimizer)
        if key not in self._held:
            self._held = {k: v for k, v in self._held.items() if k[1:] == key[1:]}
            self._held[key] = self._find(optimizer)
        return self._held[key]

    def measured_by(self, optimizer: Optimizer | None) -> Rows | None:
        """Return the rows that a step of `optimizer` measures; None for all of them.

        Those that nobody holds are measured with the steps of the first optimizer of the run.
        """
        living = self._holders.living()
        if optimizer is None or len(living) < 2:
            return None
        held, elsewhere = self.of(optimizer)
        return held | ~elsewhere if optimizer is living[0] else held

    def _find(self, optimizer: Optimizer | None) -> tuple[Rows, Rows]:
        living = self._holders.living()
        mine = group_of_parameter([] if optimizer is None else [optimizer])
        others = group_of_parameter([o for o in living if o is not optimizer])
        ids = [id(row.tensor()) for row in self._rows]
        held = np.array([i in mine for i in ids], bool)
        elsewhere = np.array([optimizer is not None and i in others for i in ids], bool)
        return held, elsewhere & ~held
