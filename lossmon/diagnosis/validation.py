"""Whether the validation loss has turned: it was better once, and has risen since while training
went on. A fall and a rise within its own noise is no turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stairs import AS_LOW
from lossmon.diagnosis.stats import block_means, finite_median
from lossmon.records import Run

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

RISE = Threshold(
    0.1, "of the best", "twice the 5 % at which Prechelt (1998, section 2.1) stops early, GL_5"
)
OF_GAIN = Threshold(0.05, "of its fall", "a small part of what was gained is not worth a word")
ERRORS = Threshold(3.0, "standard errors", "the usual 3 sigma")
FEW = 5
"""With fewer validation losses nothing is said of their course."""
LOSSES = 8
"""Training losses behind each of the levels that go with it, at least."""
BLOCKS = 40
"""More of them than this are averaged in so many blocks."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The course of the validation loss."""

    first: float
    best: float
    now: float
    """Median of the last three, or of what came after the best."""
    best_step: int
    turned_step: int
    """First step with a validation loss after the best."""
    last_step: int
    noise: float
    """Standard error of one value, from neighbours."""
    low: float
    """The first value that was as low as the best, within its error."""
    low_step: int
    every: int
    """Steps from one value to the next, typically."""

    @property
    def rise(self) -> float:
        """How far it has risen from its best; 0 or less where it has not."""
        return self.now - self.best

    @property
    def limit(self) -> float:
        """The value above which it counts as risen."""
        above = max(
            RISE.value * abs(self.best),
            OF_GAIN.value * (self.first - self.best),
            ERRORS.value * self.noise,
        )
        return self.best + above

    @property
    def has_turned(self) -> bool:
        """Whether it stands above its best by more than the limit."""
        return self.now > self.limit


def validation(run: Run) -> Validation | None:
    """Return the course of the validation loss; None where fewer than `FEW` are recorded."""
    steps, values = recorded(run)
    if len(values) < FEW:
        return None
    if len(values) > 2 * BLOCKS:
        values = block_means(values, BLOCKS)
        steps = steps[np.linspace(0, len(steps), BLOCKS + 1).astype(int)[1:] - 1]
    smoothed, noise = _smoothed(values), _noise(values)
    best = int(np.argmin(smoothed))
    as_low = smoothed[best] + max(noise, AS_LOW.value * abs(float(smoothed[best])))
    low = int(np.flatnonzero(smoothed <= as_low)[0])
    later = values[best + 1 :]
    return Validation(
        first=float(values[0]),
        best=float(smoothed[best]),
        now=float(np.median(later[-3:])) if len(later) else float(values[-1]),
        best_step=int(steps[best]),
        turned_step=int(steps[min(best + 1, len(steps) - 1)]),
        last_step=int(steps[-1]),
        noise=noise,
        low=float(smoothed[low]),
        low_step=int(steps[low]),
        every=int(np.median(np.diff(steps))),
    )


def recorded(run: Run) -> tuple[Steps, Floats]:
    """Return steps and values of the finite validation losses."""
    series = run.scalar(signals.VAL_LOSS)
    if series is None:
        return np.zeros(0, np.int64), np.zeros(0)
    finite = np.isfinite(series.values)
    return series.steps[finite], series.values[finite]


def training_levels(facts: Facts, course: Validation) -> tuple[float, float]:
    """Return the training loss about the best validation loss, and about the last one; or NaN."""
    reach = max(LOSSES, (course.last_step - course.best_step) // 4)
    best = _median(facts, course.best_step - reach // 2, course.best_step + reach // 2)
    return best, _median(facts, course.last_step - reach, course.last_step)


def _median(facts: Facts, first: int, last: int) -> float:
    inside = facts.losses[(facts.loss_steps > first) & (facts.loss_steps <= last)]
    return finite_median(inside)


def _smoothed(values: Floats) -> Floats:
    """Return the median of every three in a row, so that one lucky value is no best."""
    wide = np.concatenate((values[:1], values, values[-1:]))
    return np.asarray(np.median(np.stack((wide[:-2], wide[1:-1], wide[2:])), axis=0))


def _noise(values: Floats) -> float:
    """Return the standard deviation of one value about its neighbours' course."""
    bends = values[2:] - 2 * values[1:-1] + values[:-2]
    return float(np.median(np.abs(bends)) * 1.4826 / np.sqrt(6))
