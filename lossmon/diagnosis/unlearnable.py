"""Whether nothing is learnt behind batch norm, and not even one batch can be learnt by heart.

Where nothing but linear layers comes behind the last norm, what a model puts out has the same mean
in every forward: what is bought and what is drawn, if they go through it one after the other, have
equal scores on average, and no loss of their difference is below that of equal ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lossmon.diagnosis.batchstatistics import beginning, learns_little, learnt_little
from lossmon.diagnosis.evalgap import PART
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import LEAST_RATIO, probed, tried
from lossmon.diagnosis.level import seems_explained
from lossmon.diagnosis.levelledout import SETTLED
from lossmon.diagnosis.stats import logged_number
from lossmon.diagnosis.status import flat_status
from lossmon.diagnosis.unheard import KEEPS
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

LINEAR = frozenset(("Linear", "LazyLinear", "Conv1d", "Conv2d", "Conv3d", "Flatten", "Identity"))
"""Layers that make of a mean of 0 the mean that their bias has."""


def stuck(facts: Facts) -> Iterator[Evidence]:
    """Little is learnt, and nothing rests though weights move: a reason to ask a probe.

    Who competes with another model may be at its end.
    """
    if facts.n_steps < SETTLED or facts.is_contested or facts.is_improving:
        return
    if not learns_little(facts) or facts.motion.total_ratio < LEAST_RATIO.value:
        return
    if learnt_nothing(facts) or flat_status(facts, ())[0] == "stuck":
        yield learnt_little(facts)


def learnt_nothing(facts: Facts) -> bool:
    """Return whether the loss is a constant's, or less than a tenth below where it began."""
    if facts.level.is_known:
        return facts.level.explained <= seems_explained(facts)
    return facts.recent_loss > (1 - PART.value) * beginning(facts)


def unlearnable(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """The probe could not learn one batch by heart, not by a tenth: a norm sets the output's mean.

    Any other model learns some of a batch by heart, whatever is in it.
    """
    found = probed(facts)
    if found is None or found[0] or not any(stuck(facts)):
        return
    first, last, prior = (
        logged_number(found[1].get(key)) for key in ("first_loss", "last_loss", "prior_loss")
    )
    start = min(first, prior) if prior > 0 else first
    norm = _behind_output(facts.layers.infos, taking)
    if norm is None or not last >= (1 - PART.value) * start > 0:
        return
    evidence = tried(facts, found[1])
    reads = f"{evidence.reads}; behind {norm.name} nothing but linear layers is left, so that what "
    reads += "is put out has the same mean in every forward"
    yield replace(evidence, reads=reads)


def _behind_output(infos: tuple[LayerInfo, ...], taking: Sequence[LayerInfo]) -> LayerInfo | None:
    """Return the norm of which the output is a linear function; None where there is none."""
    at = len(infos) - 1
    while at >= 0:
        info = infos[at]
        if info in taking:
            return info
        straight = info.kind in LINEAR and KEEPS.issuperset(info.between)
        if not straight or len(info.sources) != 1 or infos[info.sources[0]].activation:
            return None
        at = info.sources[0]
    return None
