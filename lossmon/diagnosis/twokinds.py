"""Whether examples are of two kinds: some of which a classifier is sure, and right, and the rest.

So it is where labels are wrong in some classes, or in the rows of one source. Where classes overlap
by nature, or the model is too small for them, there are examples of every kind between, and among
those that it is sure of some are wrong, about as many as it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import ACCURACY, CONFIDENT_WRONG, TARGET_COUNT
from lossmon.diagnosis.fano import TARGETS
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.lingering import Stretch, falls_slower_since
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.scales import pooled
from lossmon.diagnosis.unsure import SURE, has_several_targets
from lossmon.numfmt import fmt
from lossmon.signals import CLASS_COUNT, CONFIDENCE_STD, PREDICTION_CONFIDENCE

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

APART = Threshold(
    0.45,
    "of the largest variance",
    "by arithmetic: pairs of classes that nobody can tell apart, beside others, have 0.4 at most; "
    "calibration: 0.5-0.85 with the labels of one source or half the classes drawn at random",
)
MISSED = Threshold(
    0.01,
    "of the errors",
    "calibration: up to 0.003 with such labels; where classes overlap, so far apart, 0.02-0.2",
)


@dataclass(frozen=True, slots=True)
class Kinds:
    """What was measured where the loss lingered."""

    confidence: float
    spread: float
    """Variance of the confidence as a share of the largest with that mean."""
    errors: float
    """Number of labels that were not met."""
    sure: float
    """Number of those that a probability above 0.9 stood against."""
    steps: tuple[int, int]

    def evidence(self) -> Evidence:
        """Return that nothing sure is wrong."""
        reads = f"of {fmt(self.errors, 3)} labels that were not met the model was sure of another "
        reads += f"{fmt(self.sure)} times: it is sure of some examples, and right, and unsure of "
        reads += "the rest, with nothing between, where a model that is too small is of all kinds"
        share, bound = self.sure / self.errors, fmt(MISSED.value * self.errors, 2)
        return Evidence(
            CONFIDENT_WRONG.name, *self.steps, share, MISSED.value, reads, MISSED.source, bound
        )


def two_kinds(facts: Facts, stretches: Sequence[Stretch]) -> Kinds | None:
    """Return the kinds of examples where the loss lingered; None where they are not two.

    Of several targets in an example nothing is said: in a text some words follow surely.
    """
    if not stretches or has_several_targets(facts) or not falls_slower_since(facts, stretches):
        return None
    found = _measured(facts, stretches)
    if found is None or found.confidence > SURE.value or not found.spread >= APART.value:
        return None
    if found.errors < TARGETS.value or found.sure > MISSED.value * found.errors:
        return None
    return found


def _measured(facts: Facts, stretches: Sequence[Stretch]) -> Kinds | None:
    steps, means = facts.batches.measured(PREDICTION_CONFIDENCE)
    inside = _inside(steps, stretches)
    stds, classes = facts.totals((CONFIDENCE_STD, CLASS_COUNT), steps[inside]).T
    confidence = pooled(means[inside], stds)
    most = (1 - confidence.mean) * (confidence.mean - 1 / np.nanmax(classes))
    counted = _errors(facts, stretches)
    if counted is None or not most > 0:
        return None
    ends = stretches[0].steps[0], max(stretch.steps[1] for stretch in stretches)
    return Kinds(confidence.mean, confidence.std**2 / most, *counted, ends)


def _errors(facts: Facts, stretches: Sequence[Stretch]) -> tuple[float, float] | None:
    """Return how many labels were not met, and how many of them surely; None where not known."""
    steps = facts.batches.measured(ACCURACY)[0]
    steps = steps[_inside(steps, stretches)]
    values = facts.totals((ACCURACY, CONFIDENT_WRONG, TARGET_COUNT), steps)
    accuracy, sure, count = values[np.isfinite(values).all(axis=1)].T
    if not len(count):
        return None
    return float(((1 - accuracy) * count).sum()), float((sure * count).sum())


def _inside(steps: Steps, stretches: Sequence[Stretch]) -> NDArray[np.bool_]:
    inside = np.zeros(len(steps), bool)
    for stretch in stretches:
        first, last = stretch.steps
        inside |= (steps >= first) & (steps <= last)
    return inside
