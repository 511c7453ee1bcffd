"""Whether the one number that a model puts out is batch-normalised itself, and nothing is learnt.

Its mean and spread over a batch are then the same for every batch. Scores of pairs that go through
the model in two forwards, the good ones and the bad ones, are as high on average by definition.
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


def normed_output(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """The last layer but its activation function normalises a score, of which nothing is learnt.

    Who competes with another model may be at its end, and weights that hardly move learn nothing.
    """
    layers = [info for info in facts.layers.infos if not info.is_activation]
    if not taking or layers[-1] != taking[-1] or taking[-1].units != SCORE.value:
        return
    if facts.n_steps < SETTLED or facts.is_contested or facts.is_improving:
        return
    level, moved = facts.level, facts.motion.total_ratio
    if not learns_little(facts) or (level.is_known and level.explained > BY_CHANCE.value):
        return
    if moved < LEAST_RATIO.value:
        return
    reads = f"{layers[-1].name} normalises the output itself: its mean over a batch is the same "
    reads += "for every batch, whatever is in it"
    first, last = facts.first_step, facts.last_step
    tag, limit = "outputs", SCORE
    yield Evidence(tag, first, last, 1.0, limit.value, reads, limit.source, fmt(limit.value))
    yield learnt_little(facts)
