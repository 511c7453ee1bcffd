"""Where a classifier's loss lingered before it fell on, and how unsure predictions were there.

A relation is learnt fast, and what is left of the labels by heart, which is slow (Arpit et al.
2017, section 3). In between the loss hardly falls, and where labels are wrong at random the model
is as unsure of every example as of any other. Once it knows some by heart it is surer of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.floor import CREEP, MOST, STATIONARY
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import ratio
from lossmon.diagnosis.unsure import (
    Unsure,
    constant_confidence,
    has_soft_targets,
    is_even,
    is_of_any,
    is_wrong_of_itself,
)
from lossmon.signals import (
    CLASS_COUNT,
    CONFIDENCE_STD,
    CRITERION_LOSS,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
)

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

BATCHES = Threshold(
    64, "batches", "their mean loss is known to 0.01-0.02 of the prior's, from 32 examples each"
)
EVERY = 8
"""A stretch begins at every eighth batch that was looked at."""
NEWEST = 20
"""Losses that say where the loss is now."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many batches in a row, and what predictions were over them."""

    unsure: Unsure
    loss: float
    """Mean loss of the criterion."""
    centre: float
    """Mean of the steps: where the loss was that."""

    @property
    def steps(self) -> tuple[int, int]:
        """First and last step."""
        return self.unsure.first_step, self.unsure.last_step


def calm(facts: Facts, least: float) -> tuple[Stretch, ...]:
    """Return where the loss hardly fell, and was as high as the predictions' entropy has it.

    `least`: share of the prior's loss that had to be explained there. Soft targets say nothing.
    """
    steps, values = _looked_at(facts)
    length = int(BATCHES.value)
    if len(steps) < length or has_soft_targets(facts):
        return ()
    starts = np.arange(0, len(steps) - length + 1, EVERY)
    windows = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)[::EVERY]
    prior, ends, means = facts.level.prior, starts + length - 1, windows.mean(axis=2)
    explained, moved = 1 - means[:, 4] / prior, _moved(facts, steps[starts], steps[ends])
    rests = np.abs(moved) < CREEP.value * facts.constant_loss
    is_optimal = np.abs(means[:, 4] - means[:, 2]) <= STATIONARY.value * prior
    is_calm = rests & is_optimal & (least <= explained) & (explained < MOST.value)
    stds = np.sqrt(np.square(windows[:, 1]).mean(axis=1) + windows[:, 0].var(axis=1))
    constant = constant_confidence(facts)
    return tuple(
        _stretch(means[row], float(stds[row]), constant, steps[starts[row] : ends[row] + 1])
        for row in np.flatnonzero(is_calm)
    )


def lingered(facts: Facts, stretches: Sequence[Stretch]) -> Stretch | None:
    """Return where all examples were equally unsure, the most evenly; None if nowhere.

    Of several targets in an example errors have to fall on all classes alike, see `is_of_any`.
    """
    even = (s for s in stretches if is_even(facts, s.unsure, s.loss))
    even = (s for s in even if is_of_any(facts, s.unsure))
    right = (s for s in even if not is_wrong_of_itself(facts, s.unsure))
    found = min(right, key=lambda stretch: stretch.unsure.spread, default=None)
    return found if found is not None and falls_slower_since(facts, stretches) else None


def _looked_at(facts: Facts) -> tuple[Steps, Floats]:
    """Return the steps at which all of it was measured, and the values."""
    steps = facts.batches.measured(PREDICTION_CONFIDENCE)[0]
    wanted = (
        PREDICTION_CONFIDENCE,
        CONFIDENCE_STD,
        PREDICTION_ENTROPY,
        CLASS_COUNT,
        CRITERION_LOSS,
    )
    values = facts.totals(wanted, steps)
    known = np.isfinite(values).all(axis=1) & (values[:, 3] > 1)
    return steps[known], values[known]


def _moved(facts: Facts, first: Steps, last: Steps) -> Floats:
    """Return by how much the loss's mean differs between the halves of stretches."""
    known = np.isfinite(facts.losses)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, facts.losses, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    begin = np.searchsorted(facts.loss_steps, first)
    end = np.searchsorted(facts.loss_steps, last, side="right")
    half = (begin + end) // 2
    before = ratio(sums[half] - sums[begin], counts[half] - counts[begin])
    return ratio(sums[end] - sums[half], counts[end] - counts[half]) - before


def _stretch(means: Floats, std: float, constant: float, steps: Steps) -> Stretch:
    confidence, _, entropy, classes, loss = means.tolist()
    ends = int(steps[0]), int(steps[-1])
    unsure = Unsure(confidence, std, entropy, classes, constant, *ends)
    return Stretch(unsure, loss, float(steps.mean()))


def falls_slower_since(facts: Facts, stretches: Sequence[Stretch]) -> bool:
    """Return whether less is learnt in a step since the last of them than before the first.

    What lingers between two parts of a relation may fall as fast afterwards as it did before.
    """
    first, last = stretches[0], stretches[-1]
    fell = fallen_since(facts, last)
    if not fell > CREEP.value * facts.level.prior:
        return bool(np.isfinite(fell))
    before = first.steps[0] - facts.first_step
    since = facts.last_step - last.centre
    return bool(fell * before < (facts.level.prior - first.loss) * since)


def fallen_since(facts: Facts, stretch: Stretch) -> float:
    """Return by how much the criterion's loss has fallen since; NaN where the loss was lost."""
    newest = facts.losses[-NEWEST:]
    newest = newest[np.isfinite(newest)]
    now = float(newest.mean()) if len(newest) else float("nan")
    return stretch.loss - now * _per_loss(facts)


def _per_loss(facts: Facts) -> float:
    """Return what the criterion's loss is, where 1 is recorded."""
    return facts.level.prior / facts.constant_loss
