"""A learning rate that has fallen to next to nothing: when, and what it amounted to until then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon import signals
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.schedule import main_rate
from lossmon.diagnosis.trend import MIN_POINTS, Direction, trend
from lossmon.numfmt import fmt
from lossmon.records import Series

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

SPENT = Threshold(0.01, "of its peak", "usual cosine and step schedules end there, or lower")
TAIL = Threshold(0.2, "of the steps", "a cosine to zero spends 6 % of them there, a quadratic 10 %")
STILL = Threshold(0.1, "of its peak", "one cut of the usual step schedules")
BRIEF = Threshold(
    0.1, "of the steps", "a decay to 1e-4 amounts to 11 % of them at its peak, a cosine to 50 %"
)
STEPS = 50
"""So many steps without a learning rate at least: less is the end of a schedule."""
SAME = 1 + 1e-6
"""Two cuts to a tenth make 1 %, give or take rounding."""


@dataclass(frozen=True, slots=True)
class Decay:
    """A learning rate that has fallen to next to nothing, for good and long before the end."""

    rate: Series
    peak: float
    peak_step: int
    low: int
    """First step at 10 % of the peak or less."""
    spent: int
    """First step at 1 % of it or less."""
    last: float
    worth: float
    """Sum of all learning rates, in steps at the peak."""
    first: int
    final: int
    """First and last step of the run."""

    @property
    def steps(self) -> int:
        """How many steps the run has."""
        return self.final - self.first + 1

    @property
    def is_brief(self) -> bool:
        """Whether all steps together make no more way than a few at the peak would."""
        return self.worth < BRIEF.value * self.steps

    def evidence(self) -> Evidence:
        """Return since when nothing is left of the learning rate."""
        last, share = self.final, self.last / self.peak
        reads = f"the learning rate is {fmt(self.last, 2)} since its peak of {fmt(self.peak, 2)}, "
        reads += f"and no more than 1 % of that from step {self.spent} of {last} on"
        source, bound = SPENT.source, "1 % of the peak"
        return Evidence(signals.LR.name, self.spent, last, share, SPENT.value, reads, source, bound)

    def amount(self) -> Evidence:
        """Return how many steps at the peak the whole schedule is worth."""
        first, share = self.first, self.worth / self.steps
        reads = f"the schedule amounts to {fmt(self.worth, 2)} steps at its peak, in a run of "
        reads += f"{self.steps}"
        bound = f"{fmt(BRIEF.value * self.steps, 2)} steps"
        return Evidence(
            signals.LR.name, first, self.final, share, BRIEF.value, reads, BRIEF.source, bound
        )


def early_decay(facts: Facts) -> Decay | None:
    """Return the decay of a learning rate that is 1 % of its peak or less, and has long been so.

    None where it is not, and where no learning rate is recorded.
    """
    rate = main_rate(facts.run)
    found = _decay(rate, facts.first_step, facts.last_step) if rate is not None else None
    if found is None or found.final - found.spent + 1 < max(STEPS, TAIL.value * found.steps):
        return None
    return found


def _decay(rate: Series, first: int, final: int) -> Decay | None:
    finite = np.nan_to_num(rate.values, nan=0.0, posinf=0.0)
    at = int(np.argmax(finite))
    peak, last = float(finite[at]), float(finite[-1])
    if not peak > 0 or last > SPENT.value * SAME * peak:
        return None
    low, spent = (
        int(rate.steps[np.flatnonzero(finite > share.value * SAME * peak)[-1] + 1])
        for share in (STILL, SPENT)
    )
    lasts = np.diff(rate.steps, append=rate.steps[-1] + 1)
    worth = float(finite @ lasts) / peak
    return Decay(rate, peak, int(rate.steps[at]), low, spent, last, worth, first, final)


def course(facts: Facts, decay: Decay) -> Direction:
    """Return where the loss went in the second half of the steps with a sizeable learning rate.

    Where these are too few to say, what is left to gain has to say it: a loss that is too noisy to
    show how it moved was not seen to rest.
    """
    middle = (decay.peak_step + decay.low) // 2
    since, until = np.searchsorted(facts.loss_steps, (middle, decay.low))
    if until - since < MIN_POINTS:
        since, until = np.searchsorted(facts.loss_steps, (facts.first_step, decay.spent))
    went = trend(facts.losses[since:until], scale=facts.trend.scale)
    return "unknown" if went.direction == "flat" and went.is_noisy else went.direction


def ended_unseen(facts: Facts) -> Decay | None:
    """Return the decay after which nobody can tell whether the loss would have fallen further.

    None where the loss was seen to rest while the steps were large, or none of it has ended yet.
    """
    decay = early_decay(facts)
    return decay if decay is not None and course(facts, decay) != "flat" else None
