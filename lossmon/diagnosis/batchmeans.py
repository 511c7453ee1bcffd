"""Whether predictions follow what the examples of a batch have in common.

Batch normalisation subtracts the mean of a batch. What a whole graph, series or group has in common
is lost by that, though its members may well be told from each other: then the mean prediction stays
where it is, while the mean target goes up and down from batch to batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import (
    BATCH_SIZE,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
    PREDICTION_MEAN,
    TARGET_COUNT,
    TARGET_MEAN,
    TARGET_STD,
)
from lossmon.diagnosis.batches import FEW_BATCHES
from lossmon.diagnosis.batchstatistics import EXAMPLES
from lossmon.diagnosis.evalgap import PART
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import creeps
from lossmon.diagnosis.level import BY_CHANCE
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import Threshold
from lossmon.numfmt import fmt
from lossmon.signals import CRITERION_LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
Cost = Callable[[Floats], Floats]

FOLLOWS = Threshold(
    0.1,
    "of the variance of mean targets",
    "calibration: 0-0.1 in faulty runs, 0.22-2 in healthy ones at rest whose batches differ; who "
    "still learns has 0.02-0.15 and goes along",
)
ALONG = Threshold(2.0, "standard errors", "the usual 2 sigma of a correlation: 0.5 of 16 batches")
COMMON = Threshold(
    0.2, "of what there is to learn", "by definition: of five examples drawn at random a fifth"
)
LEFT = Threshold(0.5, "of the loss that is left", "by definition: the larger part")
NEWEST = 16
"""Batches of which it is said whether predictions go along with targets."""
SETTLED = 150
"""Before so many steps predictions may follow little in any case."""


COSTS: Mapping[str, Cost] = {
    "mse_loss": np.square,
    "l1_loss": np.abs,
    "smooth_l1_loss": lambda far: np.where(far**2 < 1, far**2 / 2, np.abs(far) - 0.5),
    "huber_loss": lambda far: np.where(far**2 < 1, far**2 / 2, np.abs(far) - 0.5),
}
"""What an error costs by each loss, with the usual delta of 1."""


@dataclass(frozen=True, slots=True)
class Means:
    """Mean targets and mean predictions of the batches that were looked at."""

    steps: Steps
    common: float
    """How much of what there is to learn lies between batches, 0 to 1; NaN where not known."""
    targets: float
    """Variance of the mean targets."""
    predictions: float
    """Variance of the newest mean predictions."""
    along: float
    """Correlation of both over the newest batches, in standard errors."""

    @property
    def follows(self) -> float:
        """How much of the way of mean targets mean predictions go, in variance."""
        return self.predictions / self.targets if self.targets > 0 else float("nan")


def levelled(facts: Facts, *, few: bool) -> Iterator[Evidence]:
    """What batches differ in is not in the predictions, and most of what is left of the loss.

    A loss that surely falls may get there yet. Where nothing is learnt predictions follow nothing,
    whatever the reason, unless a batch is of one example or two. `few`: a statistic is of few
    values, so that part of what they have in common is lost by definition; then less will do.
    """
    level, seen = facts.level, batch_means(facts)
    if seen is None or not level.is_known or _may_get_there(facts):
        return
    if not (level.explained > BY_CHANCE.value or facts.batches.sequences <= EXAMPLES.value):
        return
    remaining = min(1.0, 1 - level.explained)
    limit = max(PART.value if few else COMMON.value, LEFT.value * remaining)
    # Who goes a little way, but along with them, is learning it.
    stays = seen.follows <= FOLLOWS.value and not seen.along > ALONG.value
    if not (seen.common >= limit and stays):
        return
    first, last = int(seen.steps[0]), int(seen.steps[-1])
    share, left = fmt(100 * min(seen.common, 1.0), 2), fmt(100 * remaining, 2)
    reads = f"{share} % of what there is to learn lies between batches, where {left} % is left"
    bound = f"{fmt(100 * limit, 2)} %"
    yield Evidence(TARGET_MEAN.name, first, last, seen.common, limit, reads, LEFT.source, bound)
    yield _stays(seen)


def shared_error(facts: Facts) -> Iterator[Evidence]:
    """Of one example or two a batch most of the loss is an error that all their outputs share.

    The loss of a mean error is at most the mean loss, and as much where errors are all alike.
    """
    criterion = facts.batches.criterion
    cost = None if criterion is None else COSTS.get(criterion.name)
    if cost is None or not facts.batches.sequences <= EXAMPLES.value or _may_get_there(facts):
        return
    steps, targets, predictions = _values(facts)
    if len(steps) < FEW_BATCHES:
        return
    steps, errors = steps[-NEWEST:], (targets - predictions)[-NEWEST:, 0]
    part = float(cost(errors).mean() / np.nanmean(facts.total(CRITERION_LOSS, steps)))
    if part >= LEFT.value:
        reads = f"{fmt(100 * min(part, 1.0), 2)} % of the loss is an error that all outputs of a "
        reads += "batch share: its examples are one or two, and their level is normalised away"
        first, last, bound = int(steps[0]), int(steps[-1]), f"{fmt(100 * LEFT.value)} %"
        tag = PREDICTION_MEAN.name
        yield Evidence(tag, first, last, part, LEFT.value, reads, LEFT.source, bound)


def _may_get_there(facts: Facts) -> bool:
    """A discriminator that is given real and made-up batches in turns may well be at its end."""
    if facts.n_steps < SETTLED or facts.is_contested:
        return True
    sure = -facts.trend.change >= SIGNIFICANT.value * facts.trend.error
    return facts.is_improving and sure and not creeps(facts)


def _stays(seen: Means) -> Evidence:
    targets, predictions = np.sqrt(seen.targets), np.sqrt(seen.predictions)
    reads = f"the mean target of a batch varies by {fmt(targets, 2)}, and the mean prediction by "
    reads += f"{fmt(predictions, 2)} only: what its examples have in common is normalised away"
    first, last = int(seen.steps[0]), int(seen.steps[-1])
    bound = fmt(float(np.sqrt(FOLLOWS.value)) * targets, 2)
    tag, source = PREDICTION_MEAN.name, FOLLOWS.source
    return Evidence(tag, first, last, seen.follows, FOLLOWS.value, reads, source, bound)


def batch_means(facts: Facts) -> Means | None:
    """Return what was seen of mean targets and predictions; None where that is too little."""
    steps = facts.batches.measured(LABEL_COUNTS[0])[0]
    counts, guesses = facts.totals(LABEL_COUNTS, steps), facts.totals(PREDICTED_COUNTS, steps)
    known = (counts.sum(1) > 0) & (guesses.sum(1) > 0)
    if known.sum() >= FEW_BATCHES:
        targets, predictions = _shares(counts[known]), _shares(guesses[known])
        return _means(steps[known], targets, predictions, _between_classes(counts[known]))
    steps, given, predicted = _values(facts)
    if len(steps) < FEW_BATCHES:
        return None
    found = _means(steps, given, predicted, float("nan"))
    return replace(found, common=_between_values(facts, found))


def _values(facts: Facts) -> tuple[Steps, Floats, Floats]:
    """Return the steps at which both means were measured, and both as columns."""
    steps = facts.batches.measured(TARGET_MEAN)[0]
    means = facts.totals((TARGET_MEAN, PREDICTION_MEAN), steps)
    known = np.isfinite(means).all(axis=1)
    return steps[known], means[known, :1], means[known, 1:]


def _means(steps: Steps, targets: Floats, predictions: Floats, common: float) -> Means:
    along = _along(targets[-NEWEST:], predictions[-NEWEST:])
    newest = predictions[-FEW_BATCHES:]
    return Means(steps, common, _variance(targets), _variance(newest), along)


def _along(targets: Floats, predictions: Floats) -> float:
    ours, theirs = (values - values.mean(axis=0) for values in (targets, predictions))
    sizes = float(np.sqrt(np.square(ours).sum() * np.square(theirs).sum()))
    return float((ours * theirs).sum()) / sizes * float(np.sqrt(len(ours))) if sizes > 0 else 0.0


def _variance(values: Floats) -> float:
    return float(values.var(axis=0, ddof=1).sum())


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _between_classes(counts: Floats) -> float:
    """Return what the batch tells of the class, as a share of what there is to know of it."""
    whole = float(_entropy(_shares(counts.sum(axis=0, keepdims=True)))[0])
    inside = float(np.average(_entropy(_shares(counts)), weights=counts.sum(axis=1)))
    return 1 - inside / whole if whole > 0 else float("nan")


def _entropy(shares: Floats) -> Floats:
    return np.asarray(-(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1))


def _between_values(facts: Facts, seen: Means) -> float:
    """Return which share of the variance of targets lies between the means of batches.

    Of n examples drawn at random 1/n lies between batches by definition.
    """
    spreads = facts.total(TARGET_STD, seen.steps)
    sizes, counts = (facts.total(signal, seen.steps) for signal in (BATCH_SIZE, TARGET_COUNT))
    criterion, typical = facts.batches.criterion, float(np.nanmedian(counts))
    name, size = "" if criterion is None else criterion.name, float(np.nanmedian(sizes))
    if size > EXAMPLES.value and name != "mse_loss":
        whole = seen.targets + float(np.nanmean(np.square(spreads)))
    else:
        whole = _most_variance(name, facts.level.prior)
    share = seen.targets / whole if whole > 0 else float("nan")
    return max(share, 1 / typical) if _is_single(facts) else share


def _is_single(facts: Facts) -> bool:
    """Return whether each target is one number: an example of its own."""
    criterion = facts.batches.criterion
    shape = () if criterion is None else criterion.target_shape
    return len(shape) > 0 and math.prod(shape) == shape[0]


def _most_variance(name: str, prior: float) -> float:
    """Return the variance of targets that the prior's loss tells, at most; NaN for other losses.

    Of one example a batch nothing else tells it, for several outputs are counted apart. Of squares
    it is that loss; of distances that squared, as of normal targets; the Huber loss with its usual
    delta of 1 is a distance less a half at least.
    """
    if name == "mse_loss":
        return prior
    if name not in COSTS:
        return float("nan")
    return float(np.pi / 2) * (prior + (0.0 if name == "l1_loss" else 0.5)) ** 2
