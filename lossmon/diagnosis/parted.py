"""Whether training and validation loss parted at a floor, and the validation loss has stayed there.

Where it has risen by a tenth it has turned, which `byheart` and overfitting go by. Long before that
what is learnt is learnt by heart: the validation loss is as low as ever it was, within its error,
and was when the training loss was as high; and since then that one fell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.batchstatistics import normed_by_batch
from lossmon.diagnosis.evaldoubt import doubted, of_one_class
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import BY_HEART
from lossmon.diagnosis.learnt import beginning, constant
from lossmon.diagnosis.rule import CLEAR, Threshold
from lossmon.diagnosis.stairs import SIGMAS
from lossmon.diagnosis.validation import LOSSES, Validation, validation
from lossmon.numfmt import fmt
from lossmon.signals import VAL_LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

GAP = Threshold(
    0.15,
    "of the validation loss",
    "calibration: up to 0.05 with wrong labels, from 0.4 with few examples",
)


@dataclass(frozen=True, slots=True)
class Parted:
    """What both losses were where they parted, and what has come of it."""

    course: Validation
    then: float
    """The training loss where the validation loss was first as low as ever."""
    now: float
    """The training loss about the last validation loss."""
    error: float
    """Standard error of their difference."""
    reach: int
    """Steps before and after over which the training loss is taken."""

    @property
    def is_as_high(self) -> bool:
        """Whether both losses were alike where they parted."""
        return abs(self.then - self.course.low) < GAP.value * self.course.low

    def has_fallen(self, unit: float) -> bool:
        """Return whether the training loss has fallen since, for sure and by a good part."""
        return self.then - self.now >= max(BY_HEART.value * unit, SIGMAS.value * self.error)

    def evidence(self) -> Evidence:
        """Return that the training loss fell since then, and the validation loss did not."""
        course = self.course
        reads = f"the training loss was {fmt(self.then, 3)} then, hardly better; it has fallen to "
        reads += f"{fmt(self.now, 3)} since, while the validation loss is {fmt(course.now, 3)}"
        limit = (1 - GAP.value) * course.low
        first, last = course.low_step, course.last_step
        return Evidence(VAL_LOSS.name, first, last, self.then, limit, reads, GAP.source)


def parted(facts: Facts) -> Parted | None:
    """Return where the losses parted at a floor; None where they did not, or it cannot be told."""
    course = validation(facts.run)
    if course is None or facts.is_contested or _is_doubtful(facts):
        return None
    found = _measured(facts, course)
    if found is None:
        return None
    start = constant(facts.level.prior) if facts.level.is_known else beginning(facts)
    is_floor = start.is_left(course.low) and start.is_left_behind(course.low, course.noise)
    return found if is_floor and found.is_as_high and found.has_fallen(start.loss) else None


def _is_doubtful(facts: Facts) -> bool:
    """Return whether running statistics may not be those that the training goes by.

    Where each batch is of one class a probe of one batch may find them alike.
    """
    norms = normed_by_batch(facts)
    return bool(norms and (any(of_one_class(facts)) or doubted(facts, norms, ()) is not CLEAR))


def _measured(facts: Facts, course: Validation) -> Parted | None:
    reach = max(LOSSES, course.every // 2)
    then = _between(facts, course.low_step - reach, course.low_step + reach)
    now = _between(facts, course.last_step - 2 * reach, course.last_step)
    if min(len(then), len(now)) < LOSSES:
        return None
    error = float(np.sqrt(then.var() / len(then) + now.var() / len(now)))
    return Parted(course, float(then.mean()), float(now.mean()), error, reach)


def _between(facts: Facts, first: int, last: int) -> NDArray[np.float64]:
    losses = facts.losses[(facts.loss_steps > first) & (facts.loss_steps <= last)]
    return losses[np.isfinite(losses)]
