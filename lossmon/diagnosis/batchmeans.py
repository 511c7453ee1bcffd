"""Whether predictions follow what the examples of a batch have in common.

Batch normalisation subtracts the mean of a batch. What a whole graph, series or group has in common
is lost by that, though its members may well be told from each other: then the mean prediction stays
where it is, while the mean target goes up and down from batch to batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import (
    BATCH_SIZE,
    INPUT_MEAN,
    INPUT_STD,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
    PREDICTION_MEAN,
    TARGET_COUNT,
    TARGET_MEAN,
    TARGET_STD,
)
from lossmon.diagnosis.batches import FEW_BATCHES
from lossmon.diagnosis.batchorder import entropy
from lossmon.diagnosis.batchstatistics import EXAMPLES
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.samenumber import told_by_number
from lossmon.diagnosis.stats import finite_mean, finite_median

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

VARIES = Threshold(0.2, "of the usual variance", "of sixteen normal values never less by chance")
TOLD = Threshold(3.0, "standard errors", "the usual 3 sigma of a correlation")
FOLLOWS = Threshold(
    0.1,
    "of the variance of mean targets",
    "calibration: 0-0.1 in faulty runs, 0.22-2 in healthy ones at rest whose batches differ; who "
    "still learns has 0.02-0.15 and goes along",
)
ALONG = Threshold(2.0, "standard errors", "the usual 2 sigma of a correlation: 0.5 of 16 batches")
LESS = {"l1_loss": 0.0, "smooth_l1_loss": 0.5, "huber_loss": 0.5}
"""By how much a loss is less than the distance, at most, with the usual delta of 1."""
NEWEST = 16
"""Batches of which it is said whether predictions go along with targets."""


@dataclass(frozen=True, slots=True)
class Means:
    """Mean targets and mean predictions of the batches that were looked at."""

    steps: Steps
    common: float
    """How much of what there is to learn lies between batches, 0 to 1; NaN where not known."""
    targets: float
    """Variance of the mean targets; NaN where the newest hardly vary."""
    predictions: float
    """Variance of the newest mean predictions."""
    along: float
    """Correlation of both over the newest batches, in standard errors."""
    slope: float
    """By how much mean predictions go up where mean targets go up by 1, over the newest batches."""
    told: float
    """Correlation of mean inputs with mean targets, the same, or of targets of the same number;
    NaN where inputs have no mean."""

    @property
    def follows(self) -> float:
        """How much of the way of mean targets mean predictions go, in variance."""
        return self.predictions / self.targets if self.targets > 0 else float("nan")

    @property
    def stays(self) -> bool:
        """Whether mean predictions stay where they are, though mean targets do not.

        Who goes a little way, but along with them, is learning it.
        """
        return self.follows <= FOLLOWS.value and not self.along > ALONG.value

    @property
    def is_told(self) -> bool:
        """Whether inputs tell what the targets of a batch have in common: it could be learnt."""
        return self.told >= TOLD.value


def batch_means(facts: Facts) -> Means | None:
    """Return what was seen of mean targets and predictions; None where that is too little."""
    steps = facts.batches.measured(LABEL_COUNTS[0])[0]
    counts, guesses = facts.totals(LABEL_COUNTS, steps), facts.totals(PREDICTED_COUNTS, steps)
    known = (counts.sum(1) > 0) & (guesses.sum(1) > 0)
    if known.sum() >= FEW_BATCHES:
        targets, predictions = _shares(counts[known]), _shares(guesses[known])
        common = _between_classes(counts[known])
        return _means(facts, steps[known], targets, predictions, common)
    steps, given, predicted = mean_values(facts)
    if len(steps) < FEW_BATCHES:
        return None
    found = _means(facts, steps, given, predicted, float("nan"))
    return replace(found, common=_between_values(facts, found))


def mean_values(facts: Facts) -> tuple[Steps, Floats, Floats]:
    """Return the steps at which both means were measured, and both as columns."""
    steps = facts.batches.measured(TARGET_MEAN)[0]
    means = facts.totals((TARGET_MEAN, PREDICTION_MEAN), steps)
    known = np.isfinite(means).all(axis=1)
    return steps[known], means[known, :1], means[known, 1:]


def _means(
    facts: Facts, steps: Steps, targets: Floats, predictions: Floats, common: float
) -> Means:
    usual, newest = _variance(targets), _variance(targets[-NEWEST:])
    # Rare events may be missing in the newest batches: then there is nothing to follow.
    varies = usual if newest >= VARIES.value * usual else float("nan")
    along = _along(targets[-NEWEST:], predictions[-NEWEST:])
    slope = _slope(targets[-NEWEST:], predictions[-NEWEST:])
    numbers, spreads = (facts.total(signal, steps) for signal in (INPUT_MEAN, INPUT_STD))
    told = float(np.fmax(_told(numbers, targets), told_by_number(numbers, spreads, targets)))
    moves = _variance(predictions[-FEW_BATCHES:])
    return Means(steps, common, varies, moves, along, slope, told)


def _along(targets: Floats, predictions: Floats) -> float:
    """Return the correlation of two tables of equal shape, of which rows are batches, in errors.

    The shares of K classes are K - 1 numbers: they add up to 1.
    """
    ours, theirs = (values - values.mean(axis=0) for values in (targets, predictions))
    sizes = float(np.sqrt(np.square(ours).sum() * np.square(theirs).sum()))
    numbers = len(ours) * max(1, int(ours.any(axis=0).sum()) - 1)
    return float((ours * theirs).sum()) / sizes * float(np.sqrt(numbers)) if sizes > 0 else 0.0


def _slope(targets: Floats, predictions: Floats) -> float:
    """Return the slope of the regression of one table on the other, all columns taken together."""
    ours, theirs = (values - values.mean(axis=0) for values in (targets, predictions))
    squares = float(np.square(ours).sum())
    return float((ours * theirs).sum()) / squares if squares > 0 else float("nan")


def _told(inputs: Floats, targets: Floats) -> float:
    """Return how surely one number a batch goes along with its targets, in standard errors."""
    known = np.isfinite(inputs)
    if known.sum() < FEW_BATCHES:
        return float("nan")
    ours, theirs = inputs[known] - inputs[known].mean(), targets[known] - targets[known].mean(0)
    sizes = float(np.square(ours).sum() * np.square(theirs).sum())
    explained = float(np.square(ours @ theirs).sum()) / sizes if sizes > 0 else 0.0
    return float(np.sqrt(explained * known.sum()))


def _variance(values: Floats) -> float:
    return float(values.var(axis=0, ddof=1).sum())


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _between_classes(counts: Floats) -> float:
    """Return what the batch tells of the class, as a share of what there is to know of it."""
    whole = float(entropy(_shares(counts.sum(axis=0, keepdims=True)))[0])
    inside = float(np.average(entropy(_shares(counts)), weights=counts.sum(axis=1)))
    return 1 - inside / whole if whole > 0 else float("nan")


def _between_values(facts: Facts, seen: Means) -> float:
    """Return which share of the variance of targets lies between the means of batches.

    Of n examples drawn at random 1/n lies between batches by definition.
    """
    spreads = facts.total(TARGET_STD, seen.steps)
    size, count = (
        finite_median(facts.total(signal, seen.steps)) for signal in (BATCH_SIZE, TARGET_COUNT)
    )
    criterion = facts.batches.criterion
    name = "" if criterion is None else criterion.name
    if size > EXAMPLES.value and name != "mse_loss":
        whole = seen.targets + finite_mean(np.square(spreads))
    else:
        whole = _most_variance(name, facts.level.prior)
    share = seen.targets / whole if whole > 0 else float("nan")
    return max(share, 1 / count) if _is_single(facts) and count > 0 else share


def _is_single(facts: Facts) -> bool:
    """Return whether each target is one number: an example of its own."""
    criterion = facts.batches.criterion
    shape = () if criterion is None else criterion.target_shape
    return len(shape) > 0 and math.prod(shape) == shape[0]


def _most_variance(name: str, prior: float) -> float:
    """Return the variance of normal targets that the prior's loss tells; NaN for other losses.

    Of one example a batch nothing else tells it, for several outputs are counted apart. Of squares
    it is that loss, of distances that squared; the Huber loss with its usual delta of 1 is a
    distance less a half at least.
    """
    if name == "mse_loss":
        return prior
    return float(np.pi / 2) * (prior + LESS.get(name, float("nan"))) ** 2
