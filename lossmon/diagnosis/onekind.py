"""Whether each batch holds examples of one kind, while nothing at all is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT, TARGET_MEAN
from lossmon.diagnosis.batchmeans import batch_means
from lossmon.diagnosis.batchorder import Order, order
from lossmon.diagnosis.batchstatistics import FEW, learnt_little
from lossmon.diagnosis.evalgap import BATCHES, KINDS
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import seems_explained
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import Threshold
from lossmon.numfmt import fmt

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

HIDDEN = Threshold(
    0.05, "of the targets' variety", "what a loss seems to explain by chance at most, see no-signal"
)
HALF = Threshold(0.5, "of what lies between batches", "less than it is lost on the way")
STRAYS = Threshold(
    0.2,
    "of the variance of mean targets",
    "calibration: 0-0.03 where they are normalised away, 0.45-15 where a model is told of them",
)
FEWER = 8
"""So many will do where it is known that neighbours are no more alike than others."""
FOLLOW = 0.3
"""By so much more alike are neighbours in unshuffled data, see unshuffled-data."""


def of_one_kind(facts: Facts) -> Iterator[Evidence]:
    """Batches differ by what they hold, each normalised by itself, and nothing is learned."""
    level = facts.level
    if not level.is_known or level.explained > seems_explained(facts):
        return
    batches = order(facts)
    n = facts.batches.examples
    if batches is None or not n > FEW.value or neighbours_are_alike(batches):
        return
    if len(batches.steps) < (FEWER if np.isfinite(batches.neighbours) else BATCHES):
        return
    seen = batch_means(facts)
    if seen is not None and seen.follows > STRAYS.value:
        return
    # Means of batches drawn at random vary by 1/n of the whole.
    share = batches.sorted_share - (0 if batches.classes else 1 / n)
    limit = _limit(facts, batches)
    if not share > limit.value or not level.explained < HALF.value * share:
        return
    first, last = int(batches.steps[0]), int(batches.steps[-1])
    reads = f"{fmt(100 * share, 2)} % of the targets' variety lies between batches: each holds "
    reads += "examples of one kind, and what they have in common is normalised away"
    bound, tag = f"{fmt(100 * limit.value)} %", TARGET_MEAN.name
    yield Evidence(tag, first, last, share, limit.value, reads, limit.source, bound)
    yield learnt_little(facts)


def neighbours_are_alike(batches: Order | None) -> bool:
    """Return whether batches in a row are more alike than others: the data is unshuffled."""
    return batches is not None and batches.neighbours > batches.others + FOLLOW


def _limit(facts: Facts, batches: Order) -> Threshold:
    """Return how much between batches is no chance.

    Little, where each target is of an example of its own: pixels of an image are alike anyway.
    """
    sizes, counts = (facts.batches.newest(signal)[1] for signal in (BATCH_SIZE, TARGET_COUNT))
    alone = len(sizes) > 0 and len(counts) > 0 and float(np.median(counts)) <= np.median(sizes)
    sure = SIGNIFICANT.value * batches.chance <= HIDDEN.value
    return HIDDEN if alone and sure else KINDS
