"""Whether a classifier's loss that still creeps is at its floor all the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossmon.diagnosis.bottleneck import small
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.unsure import has_several_targets

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

LEFT = Threshold(
    0.76,
    "of the prior's loss",
    "by arithmetic: so much is explained of ten classes with a tenth of the labels wrong",
)


def drifts(facts: Facts) -> bool:
    """Return whether no gradients agree on a way that a creeping loss would go.

    Of classes only entropy tells that this is an optimum; of several targets in an example much is
    a matter of chance.
    """
    if not math.isfinite(facts.level.tau) or has_several_targets(facts) or small(facts) is not None:
        return False
    is_pushed = facts.motion.agreement_z >= SIGNIFICANT.value
    return not is_pushed and facts.level.explained < LEFT.value
