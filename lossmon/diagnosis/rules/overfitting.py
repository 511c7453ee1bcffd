"""Training loss falls while validation loss rises: too little data.

Sees
    The validation loss against its own best, and the training loss then and now. A slight rise
    counts where the training set is known by heart and hardly anything of it holds of others; where
    both losses are still of one size, or validation has kept most of what it gained, a rise is
    worth no more than a note. So is one of examples that lossmon held out: with them the training
    would have had a quarter more.

Why the loss stalls
    The model learns its examples by heart. What it learns of them from some point on holds of no
    others, so that the loss that counts gets worse while the one that is minimised falls.

Fix
    Keep the weights of the best validation loss; more data, augmentation, or a smaller model.

Not to be confused with
    label-noise: there both losses reach a floor together, and part there.
    repeated-batch: there the few examples are one batch that comes again at every step.
    lr-too-high: there both losses rise.
    no-signal: labels at random can be learnt by heart too; validation is then never better than a
    constant prediction, as it may be with very few examples.
    Another distribution: there validation is worse from the first step, and does not turn.

Sources
    Prechelt 1998, Early Stopping - But When?, section 2.1: generalisation loss over the best so
    far. Validation loss is what the user logs, `val/loss`.
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.unseen import held_out
from lossmon.diagnosis.validation import (
    ERRORS,
    FEW,
    OF_GAIN,
    RISE,
    Validation,
    training_levels,
    validation,
)
from lossmon.numfmt import fmt
from lossmon.signals import LOSS, VAL_LOSS

FALL = Threshold(0.05, "of the training loss", "five times the trend's practical floor")
APART = Threshold(2.0, "times the training loss", "toy runs: 1.0-1.6 in healthy ones, else 400")
LOST = Threshold(
    0.25,
    "of its gain",
    "calibration: 7 or more where too little data is at fault, 0.01 in a recommender",
)
BY_HEART = Threshold(0.1, "of the validation loss", "nine tenths more than what holds of others")
SLIGHT = Threshold(0.02, "of the best", "twice the practical floor of the trend")


def check(facts: Facts) -> Outcome:
    """Fire where validation has turned, and the training loss has gone on falling."""
    course = validation(facts.run)
    if course is None:
        return Skipped(f"fewer than {FEW} validation losses are recorded")
    then, now = training_levels(facts, course)
    if not course.has_turned and not _is_by_heart(course, now):
        return CLEAR
    if np.isnan(then) or np.isnan(now):
        return Skipped("hardly any training loss is recorded beside the validation losses")
    if not now < then - FALL.value * abs(then):
        return CLEAR
    apart = now < course.now / APART.value and _lost(facts, course) >= LOST.value
    severity: Severity = "warning" if apart and not held_out(facts) else "info"
    return Found(severity, course.turned_step, _evidence(course, then, now))


def _lost(facts: Facts, course: Validation) -> float:
    """Return the rise as a share of what validation had gained at its best.

    Since before the first step: a first validation may come when most is learnt.
    """
    untrained = np.nanmin([facts.first_loss, facts.level.prior, np.inf])
    start = max(course.first, float(untrained) if np.isfinite(untrained) else course.first)
    return course.rise / max(start - course.best, 1e-30)


def _is_by_heart(course: Validation, now: float) -> bool:
    """Return whether nearly all of the training loss is gone, and half of validation's is not.

    Validation must have begun to rise all the same.
    """
    known = now < BY_HEART.value * course.now and course.now > course.first / APART.value
    least = max(SLIGHT.value * abs(course.best), ERRORS.value * course.noise)
    return known and course.rise > least


def _evidence(course: Validation, then: float, now: float) -> tuple[Evidence, ...]:
    return (
        Evidence(
            VAL_LOSS.name,
            course.best_step,
            course.last_step,
            course.now,
            min(course.limit, course.now),
            f"the validation loss was {fmt(course.best, 3)} at step {course.best_step} "
            f"and is {fmt(course.now, 3)} now",
            RISE.source,
        ),
        Evidence(
            LOSS.name,
            course.best_step,
            course.last_step,
            now,
            then - FALL.value * abs(then),
            f"the training loss fell from {fmt(then, 3)} to {fmt(now, 3)} meanwhile",
            FALL.source,
        ),
    )


def _validated(*, turns: bool, start: float = synth.PRIOR, steps: int = 300) -> np.ndarray:
    """Return a validation loss at every 20th step that falls, and may turn after a third."""
    at = np.arange(steps) / steps
    values = start - 1.6 * np.minimum(at, 0.35) / 0.35
    if turns:
        values = values + 2 * np.maximum(at - 0.35, 0)
    return np.where(np.arange(steps) % 20 == 19, values, np.nan)


def _slightly(*, start: float) -> np.ndarray:
    """Return a validation loss at every 20th step that rises by 5 % in the second half."""
    at = np.arange(300) / 300
    values = start * (1.2 - 0.2 * np.minimum(at, 0.4) / 0.4 + 0.083 * np.maximum(at - 0.4, 0))
    return np.where(np.arange(300) % 20 == 19, values, np.nan)


RULE = Rule(
    id="overfitting",
    claim="Training loss falls while validation loss rises: too little data.",
    stage="data",
    needs=(LOSS, VAL_LOSS),
    min_steps=20,
    check=check,
    thresholds={
        "rise": RISE,
        "of_gain": OF_GAIN,
        "errors": ERRORS,
        "fall": FALL,
        "apart": APART,
        "lost": LOST,
        "by_heart": BY_HEART,
        "slight": SLIGHT,
    },
    while_improving="keep",
    fixes=(
        "Keep the weights of the best validation loss, and stop when it has not fallen for long.",
        "Get more data, or augment what there is.",
        "Use a smaller model, weight decay of 0.01 to 0.1 (AdamW), or nn.Dropout.",
    ),
    confusables={
        "label-noise": "there both losses reach a floor together, and part there",
        "repeated-batch": "there every step sees the same few examples",
        "no-signal": "there validation never falls below that of a constant prediction",
        "lr-too-high": "there the training loss rises too",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "validation rises slightly, and the training set is known by heart",
            lambda: synth.run(
                loss=synth.falling(300, end=0.0), scalar={VAL_LOSS: _slightly(start=3.0)}
            ),
        ),
        Case(
            "validation turns after a third of the run",
            lambda: synth.run(
                loss=synth.falling(300, end=0.05),
                scalar={VAL_LOSS: _validated(turns=True, start=3.0)},
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "validation rises a little, and is of the size of the training loss",
            lambda: synth.run(
                loss=synth.falling(300, end=0.8), scalar={VAL_LOSS: _slightly(start=1.0)}
            ),
        ),
        Case(
            "validation levels off",
            lambda: synth.run(scalar={VAL_LOSS: _validated(turns=False)}),
        ),
        Case(
            "validation is worse from the start, and falls: another distribution",
            lambda: synth.run(scalar={VAL_LOSS: _validated(turns=False, start=9.0)}),
        ),
        Case(
            "validation is noisy about one level",
            lambda: synth.run(
                scalar={
                    VAL_LOSS: _validated(turns=False) + np.random.default_rng(3).normal(0, 0.3, 300)
                }
            ),
        ),
        Case(
            "both losses rise",
            lambda: synth.run(
                loss=synth.falling(300, start=0.3, end=3.0),
                scalar={VAL_LOSS: _validated(turns=True)},
            ),
        ),
    ),
)
