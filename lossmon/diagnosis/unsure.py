"""How unsure a classifier is where its loss rests, and how evenly so from example to example.

Labels that are wrong at random leave every example as unsure as any other. A model that can do no
better is surer of some examples than of others, and so is one whose classes overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import ACCURACY, BATCH_SIZE, LABEL_COUNTS, TARGET_COUNT
from lossmon.diagnosis.batches import FEW_BATCHES
from lossmon.diagnosis.fano import bound
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import CREEP, RELATED, STATIONARY, rests
from lossmon.diagnosis.level import BY_CHANCE
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.sampling import newest
from lossmon.diagnosis.scales import pooled
from lossmon.diagnosis.stats import block_means
from lossmon.diagnosis.trend import BLOCKS
from lossmon.numfmt import fmt
from lossmon.signals import CLASS_COUNT, CONFIDENCE_STD, PREDICTION_CONFIDENCE, PREDICTION_ENTROPY

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

EVEN = Threshold(
    0.13,
    "of the largest variance",
    "logits that spread normally have 0.15-0.45; calibration: 0.02-0.12 with wrong labels, "
    "0.15-0.35 at rest without",
)
ALIKE = Threshold(
    0.25,
    "of the square of what is above a guess",
    "logits spread normally about 0 have 0.57 with two classes, 0.32 with three; calibration: "
    "0.01-0.24 with wrong labels, 0.28-1.2 of two or three classes without",
)
ANY = Threshold(
    0.8,
    "of Fano's bound",
    "of several targets an example: calibration, 0.91-1 with wrong labels, 0.4-0.65 of next words",
)
BALANCED = Threshold(0.98, "of ln(classes)", "of two classes one has up to 58 %")
RIGHT = Threshold(0.5, "of the labels", "a share is wrong: calibration, 0.2 of 20 classes unlearnt")
SURE = Threshold(
    0.9, "of the labels", "Northcutt et al. 2021: so many are right in common test sets"
)
SOFT = Threshold(
    0.1,
    "of the targets",
    "who is right so much oftener than sure has soft targets; so much rarer, batches of one kind",
)
ERRORS = 2
"""Standard errors of the accuracy that are allowed for beside that."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """How sure predictions are, over the same batches."""

    confidence: float
    """Mean probability of the likeliest class."""
    std: float
    """Its standard deviation from example to example."""
    entropy: float
    classes: float
    constant: float
    """How sure the best constant is: share of the commonest class."""
    first_step: int
    last_step: int

    @property
    def spread(self) -> float:
        """Variance as a share of the largest with this mean: some sure, of others the constant."""
        return self.std**2 / self._most if self._most > 0 else float("nan")

    @property
    def variation(self) -> float:
        """Variance as a share of the square of how much surer than a guess the mean is.

        Who has learnt little of few classes is about as unsure of all examples, but for that.
        """
        above = self.confidence - 1 / self.classes
        return (self.std / above) ** 2 if above > 0 else float("inf")

    @property
    def share_of_bound(self) -> float:
        """Entropy as a share of the largest with that mean, where any other class is as likely."""
        return self.entropy / bound(1 - self.confidence, self.classes)

    @property
    def _most(self) -> float:
        return (1 - self.confidence) * (self.confidence - self.constant)

    def evidence(self) -> Evidence:
        """Return that all examples are equally unsure."""
        reads = f"the likeliest class has a probability of {fmt(self.confidence, 2)}, give or take "
        reads += f"{fmt(self.std, 2)} from example to example: as if each was as unsure as any "
        reads += "other, where a model that is too small would be sure of some"
        limit = fmt(float(np.sqrt(EVEN.value * self._most)), 2)
        return Evidence(
            CONFIDENCE_STD.name,
            self.first_step,
            self.last_step,
            self.spread,
            EVEN.value,
            reads,
            EVEN.source,
            limit,
        )


def resting_evenly(facts: Facts) -> Unsure | None:
    """Return how unsure predictions are where the loss rests below a constant's, and evenly so."""
    if not rests(facts) or facts.level.explained < related(facts):
        return None
    return evenly_unsure(facts)


def related(facts: Facts) -> float:
    """Return how much of the prior's loss has to be explained where examples are compared.

    Less where no class is commoner than others: there nobody is sure of any example by that alone.
    """
    return BY_CHANCE.value if is_balanced(facts) else RELATED.value


def evenly_unsure(facts: Facts) -> Unsure | None:
    """Return how unsure predictions are, where that is how often they are wrong, and evenly so."""
    found = None if has_soft_targets(facts) else _measured(facts, resting_since(facts))
    if found is None or not is_even(facts, found, facts.level.loss):
        return None
    if not is_of_any(facts, found):
        return None
    return None if is_wrong_of_itself(facts, found) else found


def has_several_targets(facts: Facts) -> bool:
    """Return whether more targets than examples were seen in a batch: of words, or of pixels."""
    steps, targets = facts.batches.newest(TARGET_COUNT)
    return bool((targets > facts.total(BATCH_SIZE, steps)).any())


def is_of_any(facts: Facts, found: Unsure) -> bool:
    """Return whether any other class is as likely, where an example has several targets.

    Of what comes next in a text much is a matter of chance, but it is one of a few.
    """
    return not has_several_targets(facts) or found.share_of_bound >= ANY.value


def is_even(facts: Facts, found: Unsure, loss: float) -> bool:
    """Return whether examples are as unsure as any other, and wrong as often, at such a loss."""
    wanting = abs(loss - found.entropy) > STATIONARY.value * facts.level.prior
    is_unsure = RIGHT.value <= found.confidence <= SURE.value
    is_alike = found.spread <= EVEN.value and found.variation <= ALIKE.value
    return is_alike and is_unsure and not wanting


def is_balanced(facts: Facts) -> bool:
    """Return whether no class is much commoner than any other: a constant is sure of none."""
    classes = facts.batches.newest(CLASS_COUNT)[1]
    return bool(len(classes) and facts.level.prior >= BALANCED.value * np.log(classes[-1]))


def constant_confidence(facts: Facts) -> float:
    """Return how sure the best constant prediction is; NaN where that is not known.

    Of more classes than there are bins a little more than that.
    """
    if is_balanced(facts):
        return float(1 / facts.batches.newest(CLASS_COUNT)[1][-1])
    counts = np.array([facts.batches.measured(count)[1].sum() for count in LABEL_COUNTS])
    return float(counts.max() / counts.sum()) if counts.sum() > 0 else float("nan")


def resting_since(facts: Facts) -> int:
    """Return the first step from which on the loss was never far from where it is now."""
    steps, losses = facts.loss_steps, facts.losses
    blocks = min(BLOCKS, len(losses) // 5)
    if blocks < 2:
        return facts.window[0]
    level = float(np.nanmean(facts.window_losses))
    near = CREEP.value * facts.constant_loss
    away = np.flatnonzero(~(np.abs(block_means(losses, blocks) - level) < near))
    first = int(away[-1]) + 1 if len(away) else 0
    starts = np.linspace(0, len(losses), blocks + 1).astype(int)
    return min(facts.window[0], int(steps[min(starts[first], len(steps) - 1)]))


def _measured(facts: Facts, since: int) -> Unsure | None:
    rows = newest(facts.total_steps, since)
    steps = facts.total_steps[rows]
    steps = steps[steps >= since]
    wanted = (PREDICTION_CONFIDENCE, CONFIDENCE_STD, PREDICTION_ENTROPY, CLASS_COUNT)
    values = facts.totals(wanted, steps)
    known = np.isfinite(values).all(axis=1) & (values[:, 3] > 1)
    steps, values = steps[known], values[known]
    if not len(steps):
        return None
    # Where the window holds few, as ever the newest few speak for it.
    newest_few = min(int(np.searchsorted(steps, facts.window[0])), max(0, len(steps) - FEW_BATCHES))
    steps, values = steps[newest_few:], values[newest_few:]
    means, stds, entropies, classes = values.T
    confidence, (first, last) = pooled(means, stds), steps[[0, -1]]
    return Unsure(
        confidence=confidence.mean,
        std=confidence.std,
        entropy=float(entropies.mean()),
        classes=float(classes[-1]),
        constant=constant_confidence(facts),
        first_step=int(first),
        last_step=int(last),
    )


def has_soft_targets(facts: Facts) -> bool:
    """Return whether targets are distributions, so that who is unsure may be right."""
    criterion = facts.batches.criterion
    if criterion is None or criterion.name != "cross_entropy":
        return False
    return "float" in criterion.target_dtype


def is_wrong_of_itself(facts: Facts, found: Unsure) -> bool:
    """Return whether the likeliest class is the target oftener than it says, or more rarely."""
    steps, accuracies = facts.batches.measured(ACCURACY)
    counts = facts.total(TARGET_COUNT, steps)
    inside = (steps >= found.first_step) & (steps <= found.last_step)
    known = inside & (counts > 0)
    if not known.any():
        return False
    accuracy = float(np.average(accuracies[known], weights=counts[known]))
    error = np.sqrt(found.confidence * (1 - found.confidence) / counts[known].sum())
    return bool(abs(accuracy - found.confidence) > SOFT.value + ERRORS * error)
