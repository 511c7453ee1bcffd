"""Norms over all parameters of a sharded model: no rank knows them, so the reader adds them up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.eventfile.pooling import PooledNumbers
from lossmon.records import Floats, RunMeta, Series, Steps, Table

_AT_ONCE = 1024
"""Records whose numbers are held at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class _Norms:
    """Of each record."""

    grad: Floats
    ratio: Floats
    measured: NDArray[np.bool_]
    """Whether any gradient was measured, and all shards are there."""
    complete: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.grad)


class ShardTotals:
    """The two series that other runs have in their scalar file; a poll costs what is new."""

    def __init__(self) -> None:
        self._owner: object = None
        self._known = _none()

    def update(
        self, table: Table, pooled: PooledNumbers, meta: RunMeta, owner: object
    ) -> dict[str, Series]:
        """Return them by tag, without the steps that a shard is missing of.

        `owner` is equal as long as the first records are those of before.
        """
        waiting = np.flatnonzero(~self._known.complete[: len(table)])
        late = bool(pooled.complete(waiting).any())
        if owner != self._owner or len(self._known) > len(table) or late:
            self._owner, self._known = owner, _none()
        held = np.array([parameter.group >= 0 for parameter in meta.parameters], bool)
        for first in range(len(self._known), len(table), _AT_ONCE):
            records = np.arange(first, min(first + _AT_ONCE, len(table)))
            self._known = _joined(self._known, _norms(table, pooled, held, records))
        return {
            signal.tag: Series(signal.tag, table.steps[there], table.wall_times[there], of[there])
            for signal, of, there in (
                (signals.TOTAL_GRAD_NORM, self._known.grad, self._known.measured),
                (signals.TOTAL_UPDATE_RATIO, self._known.ratio, self._known.complete & held.any()),
            )
            if there.any()
        }


def _none() -> _Norms:
    return _Norms(np.zeros(0), np.zeros(0), np.zeros(0, bool), np.zeros(0, bool))


def _joined(old: _Norms, new: _Norms) -> _Norms:
    return _Norms(
        np.concatenate((old.grad, new.grad)),
        np.concatenate((old.ratio, new.ratio)),
        np.concatenate((old.measured, new.measured)),
        np.concatenate((old.complete, new.complete)),
    )


def _norms(table: Table, pooled: PooledNumbers, held: NDArray[np.bool_], records: Steps) -> _Norms:
    grads = table.column(signals.GRAD_NORM, records)
    broken = table.column(signals.GRAD_NONFINITE, records) > 0
    # NaN without a count: there was no gradient.
    measured = ~np.isnan(grads) | broken
    updates = table.column(signals.UPDATE_NORM, records)[:, held]
    weights = table.column(signals.WEIGHT_NORM, records)[:, held]
    complete = pooled.complete(records)
    with np.errstate(all="ignore"):
        grad = np.sqrt(np.where(measured, np.square(grads), 0).sum(axis=1))
        ratio = np.sqrt(np.square(updates).sum(axis=1) / np.square(weights).sum(axis=1))
    return _Norms(grad, ratio, complete & measured.any(axis=1), complete)
