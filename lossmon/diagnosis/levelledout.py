"""Whether what the examples of a batch have in common is missing in the predictions, and matters.

Batch normalisation takes it away. It is missing as well where the inputs do not tell of it: only
where inputs are known to go along with it, see `is_told`, it is sure that it could be learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import PREDICTION_MEAN, TARGET_MEAN
from lossmon.diagnosis.batches import FEW_BATCHES
from lossmon.diagnosis.batchmeans import (
    ALONG,
    FOLLOWS,
    NEWEST,
    TOLD,
    VARIES,
    Means,
    batch_means,
    mean_values,
)
from lossmon.diagnosis.batchstatistics import EXAMPLES
from lossmon.diagnosis.evalgap import PART
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import LEAST_RATIO, creeps
from lossmon.diagnosis.level import seems_explained
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.onerow import of_one_row
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import finite_mean
from lossmon.numfmt import fmt
from lossmon.signals import CRITERION_LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Cost = Callable[[Floats], Floats]

COMMON = Threshold(
    0.2, "of what there is to learn", "as much as batches of five hold of it by chance alone"
)
HALF_WAY = Threshold(
    0.5,
    "of what is explained",
    "by definition: less than half as far; calibration: at most 0.2 in faulty runs, 0.7-1.2 else",
)
LEFT = Threshold(0.5, "of the loss that is left", "by definition: the larger part")
OF_BATCHES = {
    "common": COMMON,
    "left": LEFT,
    "half_way": HALF_WAY,
    "follows": FOLLOWS,
    "along": ALONG,
    "varies": VARIES,
    "told": TOLD,
}
"""What a rule about batches compares with."""
MOST_PART = 1.1
"""A part that is more than the whole: the loss is not the one it is taken for."""
SETTLED = 150
"""Before so many steps predictions may follow little in any case."""


def _huber(far: Floats) -> Floats:
    return np.where(far**2 < 1, far**2 / 2, np.abs(far) - 0.5)


COSTS: Mapping[str, Cost] = {
    "mse_loss": np.square,
    "l1_loss": np.abs,
    "smooth_l1_loss": _huber,
    "huber_loss": _huber,
}
"""What an error costs by each loss, with the usual delta of 1."""


def levelled(facts: Facts, *, few: bool) -> Iterator[Evidence]:
    """What batches differ in is not in the predictions, and most of what is left of the loss.

    A loss that surely falls may get there yet. Where nothing is learnt predictions follow nothing,
    whatever the reason, unless a batch is of one example or two. `few`: a statistic is of few
    values, so that part of what they have in common is lost by definition; then less will do.
    """
    level, seen = facts.level, batch_means(facts)
    if seen is None or not level.is_known or _may_get_there(facts):
        return
    if not (level.explained > seems_explained(facts) or facts.batches.sequences <= EXAMPLES.value):
        return
    remaining, single = min(1.0, 1 - level.explained), any(of_one_row(facts))
    least = PART if few or single else COMMON
    # Whose a batch is could be learnt where a row tells it, whatever else is left.
    limit = max(least.value, 0.0 if single else LEFT.value * remaining)
    alone = single or facts.batches.sequences <= EXAMPLES.value
    if not (seen.common >= limit and (seen.stays or (alone and _lags(facts, seen)))):
        return
    first, last = int(seen.steps[0]), int(seen.steps[-1])
    share, left = fmt(100 * min(seen.common, 1.0), 2), fmt(100 * remaining, 2)
    reads = f"{share} % of what there is to learn lies between batches; {left} % of it is not "
    reads += "learnt yet"
    bound = f"{fmt(100 * limit, 2)} %"
    source = least.source if limit == least.value else LEFT.source
    yield Evidence(TARGET_MEAN.name, first, last, seen.common, limit, reads, source, bound)
    yield _stays(facts, seen) if seen.stays else _behind(facts, seen)


def shared_error(facts: Facts) -> Iterator[Evidence]:
    """Of one example or two a batch most of the loss is an error that all their outputs share.

    The loss of a mean error is at most the mean loss, and as much where errors are all alike. An
    error that batches share too is no doing of batch normalisation: its bias would take it away.
    """
    criterion, seen = facts.batches.criterion, batch_means(facts)
    cost = None if criterion is None else COSTS.get(criterion.name)
    if cost is None or seen is None or not facts.batches.sequences <= EXAMPLES.value:
        return
    steps, targets, predictions = mean_values(facts)
    if len(steps) < FEW_BATCHES or _may_get_there(facts):
        return
    steps, errors = steps[-NEWEST:], (targets - predictions)[-NEWEST:, 0]
    mean = finite_mean(facts.total(CRITERION_LOSS, steps))
    part = float(cost(errors - np.median(errors)).mean()) / mean if mean > 0 else float("nan")
    if LEFT.value <= part <= MOST_PART:
        reads = f"{fmt(100 * min(part, 1.0), 2)} % of the loss is an error that all outputs of a "
        reads += f"batch share: its examples are one or two, and their level is {_lost(facts)}"
        first, last, bound = int(steps[0]), int(steps[-1]), f"{fmt(100 * LEFT.value)} %"
        tag = PREDICTION_MEAN.name
        yield Evidence(tag, first, last, part, LEFT.value, reads, LEFT.source, bound)


def is_told(facts: Facts) -> bool:
    """Return whether inputs tell what the targets of a batch have in common.

    By their mean, by one number that all of them bear, or by a row of an embedding that all get.
    """
    seen = batch_means(facts)
    return seen is not None and (seen.is_told or any(of_one_row(facts)))


def _may_get_there(facts: Facts) -> bool:
    """Return whether what is not followed may be so for another reason, or not for long.

    A discriminator that is given real and made-up batches in turns may well be at its end, and
    weights that hardly move follow nothing.
    """
    if facts.n_steps < SETTLED or facts.is_contested:
        return True
    if facts.motion.total_ratio < LEAST_RATIO.value:
        return True
    sure = -facts.trend.change >= SIGNIFICANT.value * facts.trend.error
    return facts.is_improving and sure and not creeps(facts)


def _lags(facts: Facts, seen: Means) -> bool:
    """Return whether less is known of a batch than of its parts, by far."""
    return seen.targets > 0 and seen.slope < HALF_WAY.value * facts.level.explained


def _behind(facts: Facts, seen: Means) -> Evidence:
    limit = HALF_WAY.value * facts.level.explained
    reads = (
        f"the mean prediction of a batch goes {fmt(100 * max(seen.slope, 0.0), 2)} % of the way "
    )
    reads += f"of its mean target, where {fmt(100 * facts.level.explained, 2)} % is explained all "
    reads += f"in all: what its examples have in common is {_lost(facts)}"
    first, last, bound = int(seen.steps[0]), int(seen.steps[-1]), f"{fmt(100 * limit, 2)} %"
    tag, source = PREDICTION_MEAN.name, HALF_WAY.source
    return Evidence(tag, first, last, seen.slope, limit, reads, source, bound)


def _stays(facts: Facts, seen: Means) -> Evidence:
    targets, predictions = np.sqrt(seen.targets), np.sqrt(seen.predictions)
    reads = f"the mean target of a batch varies by {fmt(targets, 2)}, and the mean prediction by "
    reads += f"{fmt(predictions, 2)} only: what its examples have in common is {_lost(facts)}"
    first, last = int(seen.steps[0]), int(seen.steps[-1])
    bound = fmt(float(np.sqrt(FOLLOWS.value)) * targets, 2)
    tag, source = PREDICTION_MEAN.name, FOLLOWS.source
    return Evidence(tag, first, last, seen.follows, FOLLOWS.value, reads, source, bound)


def _lost(facts: Facts) -> str:
    return "normalised away" if is_told(facts) else "normalised away, or inputs do not tell of it"
