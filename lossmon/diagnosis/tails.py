"""Whether the errors of a regression are a few large ones, by how the losses of its batches differ.

The loss of a batch is a mean over its examples, so that its variance tells the spread of theirs: of
normal errors e the variance of e^2 is twice the square of its mean, and that of |e| pi/2 - 1 of it.
A share p of targets that are others' leaves errors that are large for these, and small for the
rest: the variance is then up to (3/p - 1)/2 times that of normal ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis.batches import CriterionInfo
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import finite_median, ratio
from lossmon.diagnosis.unsure import resting_since
from lossmon.numfmt import fmt
from lossmon.signals import LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

HEAVY = Threshold(
    1.5,
    "of what normal errors have",
    "1 by definition, known to 0.15 from 100 losses; calibration, at rest with up to 81 % "
    "explained: up to 1.2 without wrong targets, 2-4 with a share replaced, 39-49 of heavy tails",
)
LOSSES = 100
"""Fewer losses at rest say too little of their variance."""
NORMAL = {"mse_loss": 2.0, "smooth_l1_loss": 2.0, "huber_loss": 2.0, "l1_loss": math.pi / 2 - 1}
"""Variance of an example's loss over the square of its mean, at most, where errors are normal."""


@dataclass(frozen=True, slots=True)
class Tails:
    """How the losses of batches differ at rest."""

    ratio: float
    """Variance of an example's loss, as a share of what normal errors have."""
    first_step: int
    last_step: int

    def evidence(self) -> Evidence:
        """Return that a few errors are large."""
        reads = f"from batch to batch the loss varies {fmt(self.ratio, 2)} times as much as errors "
        reads += (
            "would have it that are normal: their sizes differ much, as where some targets are "
        )
        reads += "far off"
        steps = self.first_step, self.last_step
        return Evidence(LOSS.name, *steps, self.ratio, HEAVY.value, reads, HEAVY.source)


def heavy_tails(facts: Facts) -> Tails | None:
    """Return how much more losses differ than normal errors have it; None if they do not.

    Of losses next to each other, so that where the level goes does not count.
    """
    criterion = facts.batches.criterion
    normal = NORMAL.get(criterion.name) if criterion is not None else None
    inside = (facts.loss_steps >= resting_since(facts)) & np.isfinite(facts.losses)
    losses, steps = facts.losses[inside], facts.loss_steps[inside]
    if criterion is None or normal is None or criterion.reduction == "sum":
        return None
    if len(losses) < LOSSES or facts.loss_counts.max() > 1:
        return None
    # A spike lies in one half only.
    varies = float(np.min([_varies(half) for half in np.array_split(losses, 2)]))
    found = _examples(facts, criterion) * varies / normal
    return Tails(found, int(steps[0]), int(steps[-1])) if found >= HEAVY.value else None


def _varies(losses: NDArray[np.float64]) -> float:
    """Return the variance from one loss to the next over their squared mean; NaN if that is 0."""
    with np.errstate(all="ignore"):  # of what has overflowed nothing is known
        variance, square = np.square(np.diff(losses)).mean() / 2, np.square(losses.mean())
    return float(ratio(np.array([variance]), np.array([square]))[0])


def _examples(facts: Facts, criterion: CriterionInfo) -> float:
    """Return over how many examples a loss is a mean; NaN where that is not known.

    Of a batch of graphs the inputs are their nodes, and the targets tell how many they are.
    """
    sizes, counts = (finite_median(facts.batches.newest(s)[1]) for s in (BATCH_SIZE, TARGET_COUNT))
    first = criterion.target_shape[0] if criterion.target_shape else sizes
    return float(np.fmin(np.fmin(sizes, counts), first)) if np.isfinite(sizes) else float("nan")
