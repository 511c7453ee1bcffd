"""Whether nothing is learnt of batches that differ by what they are given, behind batch norm.

Means of batches drawn at random vary by the variance of what is in them over their number, at most.
Where they vary by far more, each batch is of one user, shop or query: what its rows share is taken
away. A batch that can be learnt by heart says that it is not the model that learns nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import INPUT_MEAN, INPUT_STD
from lossmon.diagnosis.batchstatistics import in_a_batch
from lossmon.diagnosis.evalgap import BATCHES
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import probed, tried
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import finite_mean
from lossmon.diagnosis.unheard import alike
from lossmon.diagnosis.unlearnable import learnt_nothing, stuck
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

APART = Threshold(
    10.0,
    "times the variance of means drawn at random",
    "by definition at most 1, and k where each row comes k times, as with negatives; calibration: "
    "at most 3 in fixed runs, 18-25 and more where a batch is of one user",
)


def apart(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """Batches are of one kind each by what they are given; each can be learnt, yet nothing is."""
    found = probed(facts)
    if found is None or not found[0] or not learnt_nothing(facts) or not any(stuck(facts)):
        return
    kinds = (*_by_inputs(facts), *alike(facts, taking))
    if kinds:
        yield kinds[0]
        yield tried(facts, found[1])


def _by_inputs(facts: Facts) -> Iterator[Evidence]:
    steps, means = facts.batches.measured(INPUT_MEAN)
    size = in_a_batch(facts)
    if len(steps) < BATCHES or not size > 0:
        return
    drawn = finite_mean(np.square(facts.total(INPUT_STD, steps))) / size
    between = float(means.var())
    if between > APART.value * drawn:
        times = between / drawn if drawn > 0 else float("inf")
        how = f"{fmt(times, 2)} times as much as" if drawn > 0 else "by far more than"
        reads = f"mean inputs of batches vary, {how} those of batches drawn at random would: each "
        reads += "is of one kind, and what its rows share is normalised away"
        first, last = int(steps[0]), int(steps[-1])
        tag, limit = INPUT_MEAN.name, APART.value
        yield Evidence(tag, first, last, times, limit, reads, APART.source)
