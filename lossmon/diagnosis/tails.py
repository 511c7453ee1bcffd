"""Whether the errors of a regression are a few large ones, by how the losses of its batches differ.

The loss of a batch is a mean over its examples, so that its variance tells the spread of theirs: of
normal errors e the variance of e^2 is twice the square of its mean, and that of |e| pi/2 - 1 of it.
A share p of targets that are others' leaves errors that are large for these, and small for the
rest: the variance is then about 1/p times that of the large ones alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import BATCH_SIZE
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
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
        reads += "would have it that are normal: a few targets are far off, and the rest is near"
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
    sizes = facts.batches.newest(BATCH_SIZE)[1]
    if normal is None or len(losses) < LOSSES or not len(sizes) or facts.loss_counts.max() > 1:
        return None
    variance = float(np.square(np.diff(losses)).mean()) / 2
    ratio = float(np.median(sizes)) * variance / float(losses.mean()) ** 2 / normal
    return Tails(ratio, int(steps[0]), int(steps[-1])) if ratio >= HEAVY.value else None
