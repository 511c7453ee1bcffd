"""How near a classifier's loss comes to the most that its errors allow, which is Fano's bound.

H(y|x) <= h(e) + e ln(K - 1) with a share e of errors among K classes. It is met where each example
is as unsure as any other and all wrong classes are as likely: that is what labels leave that were
drawn at random. A model that can do no better is surer of some examples than of others, and takes
few classes for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import ACCURACY, TARGET_COUNT
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.numfmt import fmt
from lossmon.signals import CLASS_COUNT, CRITERION_LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

MET = Threshold(
    0.96, "of the bound", "calibration: 0.97-1.03 with wrong labels, 0.5-0.93 at rest without"
)
TARGETS = Threshold(
    128, "targets", "the ratio is then known to about 0.03, its errors mostly cancel"
)
BELOW = Threshold(
    0.4,
    "of the share explained",
    "simulated: logits of 3-10 classes that spread normally about 0 stay 0.42-0.55 below the bound",
)
COIN = 2
"""Of so few classes a wrong one is any, and who is surer of some examples hardly stays below."""
ERROR = 0.34
"""Standard error of their ratio, times the square root of the number of targets: 0.2-0.4."""
SIGMAS = 3


@dataclass(frozen=True, slots=True)
class Errors:
    """What was measured of a classifier's errors, over the same batches."""

    accuracy: float
    loss: float
    bound: float
    """The largest loss at a calibrated optimum with so many errors."""
    targets: float
    first_step: int
    last_step: int

    @property
    def share(self) -> float:
        """The loss as a share of the bound."""
        return self.loss / self.bound

    def is_met(self, explained: float) -> bool:
        """Return whether the bound is met, and it is not just that so little is explained.

        Where little is, whoever is a bit surer of some examples comes near it too: it must lie
        above where logits that spread normally would be, by three standard errors.
        """
        spread_normally = 1 - BELOW.value * explained
        least = spread_normally + SIGMAS * ERROR / np.sqrt(self.targets)
        return bool(self.share >= max(MET.value, least))

    def evidence(self) -> Evidence:
        """Return that the bound is met."""
        reads = f"the loss is {fmt(self.loss, 3)} with {fmt(100 * self.accuracy, 3)} of 100 labels "
        reads += "met: as if each example was as unsure as any other, and errors fell on all "
        reads += f"classes alike, which costs {fmt(self.bound, 3)}"
        tag, limit = ACCURACY.name, fmt(MET.value * self.bound, 3)
        return Evidence(
            tag, self.first_step, self.last_step, self.share, MET.value, reads, MET.source, limit
        )


def errors(facts: Facts, since: int) -> Errors | None:
    """Return what was measured of errors from a step on; None of too few targets or no classes."""
    steps, accuracies = facts.batches.measured(ACCURACY)
    classes = facts.batches.newest(CLASS_COUNT)[1]
    values = facts.totals((CRITERION_LOSS, TARGET_COUNT), steps)
    known = (steps >= since) & np.isfinite(values).all(axis=1) & (values[:, 1] > 0)
    if not len(classes) or classes[-1] <= COIN or values[known, 1].sum() < TARGETS.value:
        return None
    losses, counts = values[known].T
    accuracy = float(np.average(accuracies[known], weights=counts))
    highest = bound(1 - accuracy, float(classes[-1]))
    loss, (first, last) = float(np.average(losses, weights=counts)), steps[known][[0, -1]]
    if not highest > 0:
        return None
    return Errors(accuracy, loss, highest, float(counts.sum()), int(first), int(last))


def bound(share: float, classes: float) -> float:
    """Return the entropy of being wrong, and of which wrong class it is.

    >>> round(bound(0.5, 3), 4)
    1.0397
    """
    if not 0 < share < 1:
        return 0.0
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    return float(entropy + share * np.log(classes - 1))
