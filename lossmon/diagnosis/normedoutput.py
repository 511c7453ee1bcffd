"""Whether what a model puts out is batch-normalised itself, and nothing is learnt.

The mean and spread of a normalised score over a batch are the same for every batch. Scores of pairs
that go through the model in two forwards, the good ones and the bad ones, are as high on average by
definition. Without weights of its own the mean of every output is 0 and its deviation 1: where most
targets are 0, or all of one class, nothing that is put out is near them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lossmon.diagnosis.batchstatistics import learns_little, learnt_little
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import LEAST_RATIO
from lossmon.diagnosis.level import BY_CHANCE
from lossmon.diagnosis.levelledout import SETTLED
from lossmon.diagnosis.rule import Threshold
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

SCORE = Threshold(1.0, "outputs", "by definition: a score is one number")
WEIGHTLESS = Threshold(0.0, "weights", "by definition: each output has mean 0 and deviation 1")


def normed_output(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """The last layer but its activation function normalises a score, of which nothing is learnt.

    Or all outputs, without weights; then the loss may fall, as long as a constant's is lower.
    Who competes with another model may be at its end, and weights that hardly move learn nothing.
    """
    layers = [info for info in facts.layers.infos if not info.is_activation]
    if not taking or layers[-1] != taking[-1]:
        return
    if (
        facts.n_steps < SETTLED
        or facts.is_contested
        or facts.motion.total_ratio < LEAST_RATIO.value
    ):
        return
    level, last = facts.level, layers[-1]
    nothing = not (level.is_known and level.explained > BY_CHANCE.value)
    if not learns_little(facts) or (facts.is_improving and not (level.is_known and nothing)):
        return
    if _is_weightless(facts, last) and level.is_known:
        reads = f"{last.name} normalises what is put out, without weights: each output has mean 0 "
        reads += "and deviation 1 over a batch, whatever the targets are"
        yield _evidence(facts, 0.0, WEIGHTLESS, reads)
    elif last.units == SCORE.value and nothing and not facts.is_improving:
        reads = f"{last.name} normalises the output itself: its mean over a batch is the same "
        reads += "for every batch, whatever is in it"
        yield _evidence(facts, 1.0, SCORE, reads)
    else:
        return
    yield learnt_little(facts)


def _evidence(facts: Facts, seen: float, limit: Threshold, reads: str) -> Evidence:
    first, last, bound = facts.first_step, facts.last_step, fmt(limit.value)
    return Evidence(limit.unit, first, last, seen, limit.value, reads, limit.source, bound)


def _is_weightless(facts: Facts, norm: LayerInfo) -> bool:
    """Return whether a norm has no weights, and the criterion is given what it puts out."""
    criterion = facts.batches.criterion
    behind = "" if criterion is None else criterion.behind
    if "batchnorm" not in behind and not (behind and behind == norm.activation):
        return False
    return not any(p.name == f"{norm.name}.weight" for p in facts.parameters)
