"""overfit-batch: can the model express the relation of one batch's inputs and targets at all?

A sound model fits a batch, random labels included. One that cannot is too small, or its graph is
cut. Chance (dropout) is taken out; lr and penalties are not the run's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lossmon.numfmt import fmt, plural
from lossmon.probes.clock import Clock
from lossmon.probes.fit import Fit, without_dropout
from lossmon.probes.level import FITTED_SHARE, Level, level_of
from lossmon.probes.outcome import CannotRunError
from lossmon.probes.subject import Subject
from lossmon.probes.twin import Twin

MAX_STEPS = 1000
"""As many as TheDeepChecker (Ben Braiek and Khomh 2022) gives a batch."""
BLOCK = 10
"""Steps between two looks at the loss."""
FASTER, SLOWER = 1.25, 0.5
"""What the rate is multiplied by where the loss fell over a block, and where it did not."""
LEAST_RATE = 1e-6
PATIENCE = 30
"""Blocks over which the loss must have fallen, or nothing more is expected."""
LEAST_FALL = 0.02
"""As a share of the loss: slower than that it would not be fitted in all the steps there are."""


@dataclass(frozen=True, slots=True)
class OverfitBatch:
    """The answer."""

    fitted: bool
    """Whether at most 5 % of the prior loss was left, or of the examples were wrong."""
    first_loss: float
    """Before; the criterion's own, without penalties, where one is known."""
    last_loss: float
    """At its least."""
    prior_loss: float
    """Of the best constant prediction for this batch; NaN where that is not known."""
    steps: int

    def __str__(self) -> str:
        known = math.isfinite(self.prior_loss)
        prior = f"; prior loss {fmt(self.prior_loss)}" if known else ""
        fell = f"loss {fmt(self.first_loss)} -> {fmt(self.last_loss)}"
        said = "fitted" if self.fitted else "not fitted"
        return f"{said}: {fell} in {plural(self.steps, 'step')}{prior}"


def overfit_batch(subject: Subject, clock: Clock) -> OverfitBatch:
    """Train a copy on the batch alone until it fits, stays where it is, or has had its steps.

    Raises:
        CannotRunError: Its time was over before that, or its loss says nothing.
    """
    twin = Twin(subject)
    without_dropout(twin.model)
    first = level_of(twin)
    if not math.isfinite(first.loss):
        raise CannotRunError(f"the loss of the batch is {fmt(first.loss)}")
    if not math.isfinite(first.prior) and first.loss <= 0:
        raise CannotRunError("nobody knows how low this loss can go")
    best, steps = _fit(twin, first, clock)
    return OverfitBatch(best.is_fitted(first), first.loss, best.loss, first.prior, steps)


def _fit(twin: Twin, first: Level, clock: Clock) -> tuple[Level, int]:
    """Return the best level reached, and after how many steps no more were made."""
    fit, best, history = Fit(twin), first, [first.loss]
    for steps in range(BLOCK, MAX_STEPS + 1, BLOCK):
        is_over = best.left(first) <= FITTED_SHARE or fit.rate < LEAST_RATE
        if is_over or _stands(history):
            return best, steps - BLOCK
        if clock.is_over and best.is_fitted(first):
            return best, steps - BLOCK
        if clock.is_over:
            raise CannotRunError(
                f"its time was over after {plural(steps - BLOCK, 'step')}; give it more seconds="
            )
        clock.tell(f"step {steps}, loss {fmt(best.loss)}")
        if not all(fit.step() for _ in range(BLOCK)):
            return best, 0
        level = level_of(twin)
        best = _judge(fit, level, best)
        history.append(best.loss)
    return best, MAX_STEPS


def _judge(fit: Fit, level: Level, best: Level) -> Level:
    """Go on faster, slower, or from where the loss was least; return the best level so far."""
    if level.loss < best.loss:
        fit.keep()
        fit.rate *= FASTER
        return level
    fit.rate *= SLOWER
    if not level.loss < best.loss + abs(best.loss):
        fit.go_back()
    return best


def _stands(history: list[float]) -> bool:
    if len(history) <= PATIENCE:
        return False
    before = history[-1 - PATIENCE]
    return before - history[-1] < LEAST_FALL * abs(before)
