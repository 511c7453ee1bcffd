"""Why the running statistics of evaluation may not be those that the training went by.

Each is a reason to ask a probe, and no proof: a training may do well in eval mode all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lossmon.batchsignals import TARGET_COUNT
from lossmon.diagnosis.batchorder import order
from lossmon.diagnosis.batchstatistics import (
    FEW,
    behind,
    in_a_batch,
    of_one_or_two,
    values_evidence,
)
from lossmon.diagnosis.evalgap import BATCHES
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

ALONE = Threshold(1.0, "class a batch", "by definition")


def of_few(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """Statistics of a batch are of few values, or of one example or two: others each time."""
    few = [info for info in taking if behind(facts, info) <= FEW.value]
    if few:
        yield values_evidence(facts, few)
    else:
        yield from of_one_or_two(facts, taking)


def of_one_class(facts: Facts) -> Iterator[Evidence]:
    """Each batch has targets of one class, which its statistics may tell, and running ones not."""
    batches = order(facts)
    if facts.is_contested or batches is None or len(batches.steps) < BATCHES:
        return
    if batches.classes > 1 and batches.typical == ALONE.value < in_a_batch(facts):
        reads = f"each batch has targets of one of {batches.classes} classes, which its statistics "
        reads += "may tell: running statistics do not"
        first, last = int(batches.steps[0]), int(batches.steps[-1])
        tag = TARGET_COUNT.name
        yield Evidence(tag, first, last, batches.typical, ALONE.value, reads, ALONE.source)
