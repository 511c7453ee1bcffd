"""Why the running statistics of evaluation may not be those that the training went by.

Each is a reason to ask a probe, and no proof: a training may do well in eval mode all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lossmon.batchsignals import TARGET_COUNT
from lossmon.diagnosis.apart import apart
from lossmon.diagnosis.batchorder import order
from lossmon.diagnosis.batchstatistics import (
    FEW,
    behind,
    in_a_batch,
    of_one_or_two,
    values_evidence,
)
from lossmon.diagnosis.evalgap import (
    BATCHES,
    PROBE,
    better_without,
    by_kind,
    never_valid,
    probed,
)
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import PROBE_CALL
from lossmon.diagnosis.momenta import lagging
from lossmon.diagnosis.rule import CLEAR, Found, Outcome, Threshold, Undecided
from lossmon.diagnosis.unlearnable import stuck, unlearnable
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

ALONE = Threshold(1.0, "class a batch", "by definition")
DECIDES = (
    "whether a training batch is known again in eval mode, or learnt by heart, decides: "
    f"{PROBE_CALL}, or lossmon run --probe"
)
NEEDS = (
    "the validation loss was above a constant's all along: running statistics, overfitting, other "
    f"data, or a loss on another scale; {DECIDES}"
)


def doubted(facts: Facts, taking: Sequence[LayerInfo], missing: tuple[Evidence, ...]) -> Outcome:
    """Return what a probe or a validation says of them, or that a probe is to be asked.

    `missing`: what says that something is missing in the predictions, though inputs may not tell.
    """
    names = tuple(info.name for info in taking)
    spoilt = missing or tuple(of_few(facts, taking))
    late, mixed = tuple(lagging(facts, taking)), tuple(by_kind(facts))
    doubts = (*spoilt, *late, *mixed, *of_one_class(facts), *stuck(facts))
    drops = any(info.settings.get("p", 0) for info in facts.layers.infos)
    if drops and not doubts:
        return CLEAR
    if facts.probe(PROBE) is not None:
        gap = (*probed(facts), *(better_without(facts) if spoilt and not drops else ()))
        gap = gap or tuple(unlearnable(facts, taking)) or tuple(apart(facts, taking))
        return Found("warning", facts.window[0], (*gap, *doubts), names) if gap else CLEAR
    gap = never_valid(facts)
    if gap and (late or mixed):
        return Found("warning", facts.window[0], (*gap, *late, *mixed), names)
    if gap:
        return Undecided(NEEDS)
    return Undecided(f"{doubts[0].reads}; {DECIDES}") if doubts else CLEAR


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
