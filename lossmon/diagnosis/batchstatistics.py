"""How many values a batch statistic is taken over, of how many examples, and what is learnt so.

Of two values the normalised ones are +1 and -1. Many values say no more where all are of one
example: nodes of one graph, pixels of one image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.progress import EXPLAINED
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import finite_median
from lossmon.numfmt import fmt, plural
from lossmon.records import LayerInfo
from lossmon.signals import CRITERION_LOSS, LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

VALUES = Threshold(2.0, "values a statistic", "by definition: two become +1 and -1")
FEW = Threshold(8.0, "values a statistic", "Wu and He 2018: worse from batches of 8 downwards")
EXAMPLES = Threshold(
    2.0, "examples a batch", "Wu and He 2018, abstract: of two images a batch the error is worst"
)
BEGINNING = 20
"""Losses of which the median is that of the beginning, where batches are small."""


def normed_by_batch(facts: Facts) -> list[LayerInfo]:
    """Return the layers that normalise by what is in the batch."""
    return [info for info in facts.layers.infos if info.settings.get("values", 0) > 0]


def behind(facts: Facts, info: LayerInfo) -> float:
    """Return how many values lie behind a statistic of a layer, typically; 0 where it takes none.

    They are counted once, in the first forward, which may have had few examples, or a small graph.
    """
    values, sizes = info.settings.get("values", 0.0), facts.batches.measured(BATCH_SIZE)[1]
    if not len(sizes) or not sizes[0] > 0:
        return values
    typical, rest = float(np.median(sizes)), sizes[1:] if len(sizes) > 1 else sizes
    if 2 * sizes[0] <= rest.min() or sizes[0] >= 2 * rest.max():
        return values * typical / float(sizes[0])
    # One value of each node, or example, and batches of many sizes.
    return typical if sizes.min() < sizes.max() and sizes.min() <= values <= sizes.max() else values


def values_evidence(facts: Facts, few: Sequence[LayerInfo]) -> Evidence:
    count = min(behind(facts, info) for info in few)
    limit = VALUES if count <= VALUES.value else FEW
    reads = f"each statistic is taken over {fmt(count, 2)} values: "
    if limit is VALUES:
        reads += "normalised, they are +1 and -1 whatever they were"
    else:
        reads += f"typically off by {fmt(1 / math.sqrt(2 * (count - 1)), 2)} times the deviation"
    first, last = facts.first_step, facts.last_step
    return Evidence("values_per_statistic", first, last, count, limit.value, reads, limit.source)


def in_a_batch(facts: Facts) -> float:
    """Return how many examples a batch has, typically; NaN where that is not known.

    Of a graph, whose nodes are rows, targets tell; of an image, whose pixels are targets, rows do.
    """
    signals = (BATCH_SIZE, TARGET_COUNT)
    counts = np.array([finite_median(facts.batches.newest(signal)[1]) for signal in signals])
    return float(np.fmin.reduce(counts))


def of_one_or_two(facts: Facts, norms: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """All values behind a statistic are of one example or two: nodes of a graph, pixels."""
    whole = in_a_batch(facts)
    if not norms or not 0 < whole <= EXAMPLES.value:
        return
    first, last = facts.first_step, facts.last_step
    reads = f"the {fmt(behind(facts, norms[0]))} values behind a statistic are of "
    reads += f"{plural(int(whole), 'example')}: what sets it apart from others is normalised away"
    tag, limit = TARGET_COUNT.name, EXAMPLES
    yield Evidence(tag, first, last, whole, limit.value, reads, limit.source)


def learns_little(facts: Facts, *, falls: bool = False) -> bool:
    """Return whether half of the prior's loss is there still, or of the first one if none is known.

    A loss that falls may yet get there: without a prior nothing is said of it. `falls`: it may.
    """
    if facts.level.is_known:
        return facts.level.explained < EXPLAINED.value
    if facts.is_improving and not falls:
        return False
    return facts.recent_loss > EXPLAINED.value * beginning(facts)


def learnt_little(facts: Facts) -> Evidence:
    """Return that, as evidence."""
    level, (first, last) = facts.level, facts.window
    start = level.prior if level.is_known else beginning(facts)
    loss = level.loss if level.is_known else facts.recent_loss
    reads = f"the loss is {fmt(loss, 3)}, where "
    reads += "a constant prediction has " if level.is_known else "it began with "
    limit, tag = (1 - EXPLAINED.value) * start, (CRITERION_LOSS if level.is_known else LOSS).name
    source = EXPLAINED.source
    return Evidence(tag, first, last, loss, limit, reads + fmt(start, 3), source, fmt(limit, 3))


def beginning(facts: Facts) -> float:
    """Return the loss of the first steps."""
    return finite_median(facts.losses[:BEGINNING])
