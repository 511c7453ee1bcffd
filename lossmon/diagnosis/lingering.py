"""Where a classifier's loss lingered before it fell on, and how unsure predictions were there.

A relation is learnt fast, and what is left of the labels by heart, which is slow (Arpit et al.
2017, section 3). In between the loss hardly falls, and where labels are wrong at random the model
is as unsure of every example as of any other. Once it knows some by heart it is surer of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.floor import CREEP, MOST, STATIONARY
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import block_means
from lossmon.diagnosis.unsure import (
    Unsure,
    constant_confidence,
    has_soft_targets,
    is_even,
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


def lingered(facts: Facts, least: float) -> Stretch | None:
    """Return where the loss lingered and all examples were equally unsure; None if nowhere.

    Of several the one with the most even predictions. `least`: see `calm`.
    """
    stretches = calm(facts, least)
    even = (s for s in stretches if is_even(facts, s.unsure, s.loss))
    right = (s for s in even if not is_wrong_of_itself(facts, s.unsure))
    found = min(right, key=lambda stretch: stretch.unsure.spread, default=None)
    return found if found is not None and falls_slower_since(facts, stretches) else None


def calm(facts: Facts, least: float) -> tuple[Stretch, ...]:
    """Return where the loss hardly fell, and was as high as the predictions' entropy has it.

    `least`: share of the prior's loss that had to be explained there. Soft targets say nothing.
    """
    if has_soft_targets(facts):
        return ()
    prior = facts.level.prior
    known = (s for s in _stretches(facts) if least <= 1 - s.loss / prior < MOST.value)
    optimal = (s for s in known if abs(s.loss - s.unsure.entropy) <= STATIONARY.value * prior)
    return tuple(stretch for stretch in optimal if _hardly_falls(facts, stretch))


def _stretches(facts: Facts) -> Iterator[Stretch]:
    steps, values = _looked_at(facts)
    length = int(BATCHES.value)
    if len(steps) < length:
        return
    windows = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)[::EVERY]
    confidence, _, entropy, classes, loss = windows.mean(axis=2).T
    std = np.sqrt(np.square(windows[:, 1]).mean(axis=1) + windows[:, 0].var(axis=1))
    constant = constant_confidence(facts)
    for at, first in enumerate(range(0, len(steps) - length + 1, EVERY)):
        unsure = Unsure(
            confidence=float(confidence[at]),
            std=float(std[at]),
            entropy=float(entropy[at]),
            classes=float(classes[at]),
            constant=constant,
            first_step=int(steps[first]),
            last_step=int(steps[first + length - 1]),
        )
        yield Stretch(unsure, float(loss[at]), float(steps[first : first + length].mean()))


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


def _hardly_falls(facts: Facts, stretch: Stretch) -> bool:
    """Return whether the second half of a stretch brought next to nothing."""
    first, last = stretch.steps
    inside = facts.losses[(facts.loss_steps >= first) & (facts.loss_steps <= last)]
    inside = inside[np.isfinite(inside)]
    if len(inside) < 2:
        return False
    before, after = block_means(inside, 2)
    return bool(abs(after - before) < CREEP.value * facts.constant_loss)


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
