"""Parameters that are replaced, added, frozen or moved while the training runs.

Asked at sampled steps, when sharded parameters are in their places. What was asked before is told
from what is new by identity and address, which costs 1.1 us a parameter; the model is walked again
only where something differs, and now and then, for parameters that were added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from lossmon.capture.layout import Row
from lossmon.capture.sharding import PLAIN

SCAN_EVERY = 64
"""Looks after which the model is walked again anyway; before that at each power of two."""

Scan = Callable[[], tuple[Row, ...]]
Mark = tuple[int, bool, int, bool] | None


class Renewal:
    """Compares the rows of a run with the parameters that its model has now."""

    def __init__(self, rows: Sequence[Row], scan: Scan) -> None:
        """`scan` returns the rows as they would be if the run began now, none if that is over."""
        self._scan = scan
        self._looks = 0
        self._held = -1
        self.rows = rows
        """Those that are right now."""
        self._marks = [_mark(row) for row in rows]
        self._known = _facts(rows)

    def look(self, held: int, step: int) -> tuple[Row, ...] | None:
        """Return the rows that are right from `step` on; None where those known still are.

        `held` is how many parameters the optimizers hold: where it changes, others may have come.
        `step` is 0 before the first one: what comes then has been there from the beginning.
        """
        self._looks += 1
        if not _is_due(self._looks) and self.is_known(held):
            return None
        self._marks, self._held = [_mark(row) for row in self.rows], held
        rows = self._scan()
        if not rows or _facts(rows) == self._known:
            return None
        self.rows, self._known = _dated(self.rows, rows, step), _facts(rows)
        self._marks = [_mark(row) for row in self.rows]
        return self.rows

    def is_known(self, held: int) -> bool:
        """Return whether all is as it was found by the last look."""
        return held == self._held and [_mark(row) for row in self.rows] == self._marks

    @property
    def free_looks(self) -> int:
        """How many looks come before the next one that walks the model in any case."""
        return next(n for n in range(SCAN_EVERY) if _is_due(self._looks + 1 + n))

    def looked(self, times: int) -> None:
        """Count looks that somebody else has taken, and that found nothing."""
        self._looks += times


def _is_due(looks: int) -> bool:
    return looks & (looks - 1) == 0 or looks % SCAN_EVERY == 0


def _mark(row: Row) -> Mark:
    tensor = row.current()
    if tensor is None:
        return None
    # A whole module that was exchanged takes its own parameter with it, which the optimizer keeps.
    place = tensor.data_ptr() if type(tensor) in PLAIN else 0
    return id(tensor), tensor.requires_grad, place, row.is_orphan


def _facts(rows: Sequence[Row]) -> list[tuple[object, ...]]:
    return [(row.name, row.tied, *_facts_of(row.tensor())) for row in rows]


def _facts_of(tensor: Tensor | None) -> tuple[object, ...]:
    if tensor is None:
        return ()
    return id(tensor), tensor.shape, tensor.dtype, tensor.device, tensor.requires_grad


def _dated(before: Sequence[Row], after: Sequence[Row], step: int) -> tuple[Row, ...]:
    """Return the rows `after`, those that are new or another tensor than before since `step`."""
    known = {row.name: row for row in before}
    return tuple(
        replace(row, since=known[row.name].since if _is_same(known.get(row.name), row) else step)
        for row in after
    )


def _is_same(old: Row | None, new: Row) -> bool:
    return old is not None and old.tensor() is new.tensor()


def changed_names(before: Sequence[Row], after: Sequence[Row]) -> list[str]:
    """Return the names of parameters that are new, gone, or another tensor than before."""
    old, new = ({row.name: row.tensor() for row in rows} for rows in (before, after))
    return [name for name in {**old, **new} if old.get(name) is not new.get(name)]
