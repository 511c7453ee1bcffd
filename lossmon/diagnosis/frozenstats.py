"""Whether a norm in eval mode normalises by statistics that are not those of what it is given.

Frozen statistics are those of another training. Where what comes in now is on another scale, what
goes on to the next layer is next to nothing, or far too much: normalised it would have the weights'
own deviation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.batchstatistics import learns_little, learnt_little
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.levelledout import SETTLED
from lossmon.diagnosis.rule import Threshold
from lossmon.layersignals import UNIT_STD
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo
from lossmon.signals import FRESH_NORMS, TRAIN_MODE, WEIGHT_NORM

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

OFF = Threshold(
    10.0, "times the weights' deviation", "by definition 1; a variance that is off a hundredfold"
)


def frozen_off(facts: Facts, norms: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """The first frozen norm whose output is ten times larger or smaller than its weights say.

    Nothing where the whole model is in eval mode, or statistics are still 0 and 1: see eval-mode.
    """
    frozen = [info for info in norms if not info.settings.get("values", 0)]
    if not frozen or facts.n_steps < SETTLED or facts.is_improving or not learns_little(facts):
        return
    modes, fresh = (facts.batches.newest(signal)[1] for signal in (TRAIN_MODE, FRESH_NORMS))
    if (len(modes) and modes[-1] == 0) or (len(fresh) and fresh[-1] > 0):
        return
    typical = facts.layers.typical(UNIT_STD, facts.layers.early)
    for number, info in enumerate(facts.layers.infos):
        if info not in frozen:
            continue
        seen = float(typical[number]) / _weights(facts, info)
        if not (seen >= OFF.value or seen <= 1 / OFF.value):
            continue
        first, last, limit = facts.first_step, facts.last_step, OFF.value
        reads = f"{info.name} is frozen, and by the statistics that it has its output varies over "
        reads += f"a batch by {fmt(seen, 2)} times what it would if normalised"
        limit = limit if seen > 1 else 1 / limit
        yield Evidence(UNIT_STD.name, first, last, seen, limit, reads, OFF.source)
        yield learnt_little(facts)
        return


def _weights(facts: Facts, info: LayerInfo) -> float:
    """Return the root mean square of a norm's weights in the first record; 1 where it has none."""
    for number, parameter in enumerate(facts.parameters):
        if parameter.name == f"{info.name}.weight" and parameter.shape:
            norms = facts.parameter(WEIGHT_NORM, facts.run_rows)[:, number]
            known = norms[np.isfinite(norms)]
            return float(known[0]) / float(np.sqrt(parameter.shape[0])) if len(known) else 1.0
    return 1.0
