"""What the criterion and the model were given: pooled over records, for a batch alone says little.

These columns are measured on few of the sampled steps, see docs/signals.md; so many records are
looked at, and gaps left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis.sampling import in_blocks
from lossmon.diagnosis.stats import finite_median
from lossmon.records import Mark, Run
from lossmon.signals import BACKWARDS, CLASS_COUNT, CRITERION, INPUTS, Signal

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

FEW_BATCHES = 8
"""So many of the newest measurements speak for a window that holds fewer."""


@dataclass(frozen=True, slots=True)
class CriterionInfo:
    """What a criterion is and what it is given; from a log, so nothing of it need be true."""

    step: int
    """First step at which it was so."""
    name: str
    """As torch calls it: cross_entropy, nll_loss, mse_loss, ...; "" for a hand-written one."""
    behind: str
    """The function that made what it is given: softmax, sigmoid, relu, addmm, ...; "" unknown."""
    reduction: str
    weighted: bool
    stretched: bool
    """Whether prediction or target was stretched to the other's shape."""
    crossed: bool
    """Whether each prediction is compared with several targets, though they are as many."""
    lowers: str
    """Of a hand-written loss that is at most 0 by its making: the function that it lowers."""
    prediction_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    target_dtype: str


@dataclass(frozen=True)
class Batches:
    """The run-level records of a run, seen from its window."""

    run: Run
    since: int
    """First step of the window."""

    @cached_property
    def criterion(self) -> CriterionInfo | None:
        """The criterion as it was noted last; None where none was recognised."""
        mark = _newest(self.run, CRITERION)
        return None if mark is None else _criterion(mark)

    @cached_property
    def criteria(self) -> tuple[CriterionInfo, ...]:
        """All that was noted of criteria, each once, in the order in which it was first so."""
        return tuple(_criterion(mark) for mark in self.run.marks if mark.kind == CRITERION)

    @cached_property
    def inputs(self) -> tuple[Mapping[str, Any], ...]:
        """The tensors that the model is given: place, shape, dtype and device of each."""
        mark = _newest(self.run, INPUTS)
        tensors = () if mark is None else mark.detail.get("tensors", ())
        return tuple(t for t in tensors if isinstance(t, Mapping))

    def measured(self, signal: Signal) -> tuple[Steps, Floats]:
        """Return the steps at which a run-level signal was measured, and its values.

        Over the whole run, its beginning and its window without a gap, see `in_blocks`.
        """
        if signal.name not in self._columns:
            self._columns[signal.name] = self._measured(signal)
        return self._columns[signal.name]

    def newest(self, signal: Signal) -> tuple[Steps, Floats]:
        """Return those of `measured` that speak for the window: its own, or the newest few."""
        steps, values = self.measured(signal)
        first = min(int(np.searchsorted(steps, self.since)), max(0, len(steps) - FEW_BATCHES))
        return steps[first:], values[first:]

    def pooled(self, bins: Sequence[Signal]) -> Floats:
        """Return the sum over the window of each of several counts, shape (len(bins),)."""
        return np.array([self.newest(signal)[1].sum() for signal in bins])

    @cached_property
    def examples(self) -> float:
        """How many examples one step is made of, typically, over all ranks; NaN where not known.

        Over all its backward passes. Of a classification each position that is classified counts.
        """
        classifies = len(self.newest(CLASS_COUNT)[1]) > 0
        size = self._typical(TARGET_COUNT if classifies else BATCH_SIZE)
        return (self._typical(BATCH_SIZE) if np.isnan(size) else size) * self._batches

    @cached_property
    def sequences(self) -> float:
        """The same, but of texts, series and images each counts once: their parts are alike."""
        whole = self._typical(BATCH_SIZE) * self._batches
        return float(np.fmin(whole, self.examples))

    @property
    def _batches(self) -> float:
        """How many batches a step is made of, over all ranks."""
        passes = self._typical(BACKWARDS)
        ranks = 1 if self.run.meta is None else max(1, self.run.meta.world_size)
        return ranks * max(1.0, float(np.nan_to_num(passes, nan=1.0)))

    def _typical(self, signal: Signal) -> float:
        return finite_median(self.newest(signal)[1])

    def _measured(self, signal: Signal) -> tuple[Steps, Floats]:
        table = self.run.totals
        if table is None:
            return np.zeros(0, np.int64), np.zeros(0)
        rows = in_blocks(len(table))
        values = table.column(signal, rows)[:, 0]
        known = np.isfinite(values)
        return table.steps[rows[known]], values[known]

    @cached_property
    def _columns(self) -> dict[str, tuple[Steps, Floats]]:
        return {}


def _newest(run: Run, kind: str) -> Mark | None:
    return next((mark for mark in reversed(run.marks) if mark.kind == kind), None)


def _criterion(mark: Mark) -> CriterionInfo:
    detail = mark.detail
    return CriterionInfo(
        step=mark.step,
        name=str(detail.get("name", "")),
        behind=str(detail.get("behind", "")),
        reduction=str(detail.get("reduction", "")),
        weighted=bool(detail.get("weighted")),
        stretched=bool(detail.get("stretched")),
        crossed=bool(detail.get("crossed")),
        lowers=str(detail.get("lowers", "")),
        prediction_shape=_shape(detail.get("prediction_shape")),
        target_shape=_shape(detail.get("target_shape")),
        target_dtype=str(detail.get("target_dtype", "")),
    )


def _shape(sizes: Any) -> tuple[int, ...]:
    whole = isinstance(sizes, list | tuple) and all(isinstance(size, int) for size in sizes)
    return tuple(sizes) if whole else ()
