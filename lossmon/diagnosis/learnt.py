"""Whether something was learnt before examples were learnt by heart, and much was left to learn.

The best constant is what to compare with. Of a loss that has none that is known, as of several
heads, triplets or pairs, it is where the model began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.floor import MOST
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stairs import SIGMAS
from lossmon.diagnosis.status import HALVED

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

FIRST = 8
"""So many losses from the first on are those of a model that has hardly learnt anything."""
NEIGHBOURS = 32
"""Losses of which neighbours tell the noise: to an eighth, where eight would to a quarter."""
LITTLE = 1 - MOST.value


@dataclass(frozen=True, slots=True)
class Start:
    """The loss of a model that knows nothing."""

    loss: float
    error: float
    """Its standard error; 0 of a constant."""
    left: Threshold
    """How much of it has to be left for labels to be wrong."""

    def is_left(self, floor: float) -> bool:
        """Return whether so much is left at that floor."""
        return floor > self.left.value * self.loss

    def is_left_behind(self, floor: float, error: float) -> bool:
        """Return whether the floor, known to that standard error, lies below it for sure."""
        least = AT_PRIOR.value * self.loss + SIGMAS.value * float(np.hypot(error, self.error))
        return self.loss - floor > least


def constant(loss: float) -> Start:
    """Return the best constant as the start."""
    return Start(loss, 0.0, Threshold(LITTLE, "of the prior's loss", MOST.source))


def beginning(facts: Facts) -> Start:
    """Return what the first losses say of it, where no constant is known; NaN of too few.

    Its noise is taken from neighbours: the loss may fall fast there.
    """
    losses = facts.losses[:NEIGHBOURS]
    losses = losses[np.isfinite(losses)]
    if len(losses) < FIRST:
        return Start(float("nan"), float("nan"), HALVED)
    noise = float(np.sqrt(np.square(np.diff(losses)).mean() / 2))
    return Start(float(losses[:FIRST].mean()), noise / float(np.sqrt(FIRST)), HALVED)
