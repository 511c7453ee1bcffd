"""The step is too small to matter.

Sees
    The update ratio ‖Δw‖/‖w‖ of every weight matrix, at the peak of the schedule; whether
    successive gradients or updates agree; or how little way was made while nothing was learned.

Why the loss stalls
    The gradient knows the way down, step after step the same way, and the updates are too small to
    follow it in the length of the run.

Fix
    Raise the learning rate by 10 until the update ratio is near 1e-3.

Not to be confused with
    converged: there the loss is as low as it gets, and small updates are right.
    vanishing-gradient: there the ratio differs by decades between layers.
    lr-decays-too-soon: there the schedule has brought the learning rate down.
    no-signal: there successive gradients do not agree.

Sources
    TheDeepChecker (Ben Braiek and Khomh 2022): update ratios below 10^-4 mean untrained layers.
    McCandlish et al. 2018, section 2.2, for the agreement of gradients.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.schedule import main_rate
from lossmon.diagnosis.stats import root_sum_squares
from lossmon.numfmt import fmt
from lossmon.signals import GRAD_NORM, LOSS, UPDATE_DOT_PREV, UPDATE_NORM, WEIGHT_NORM

Floats = NDArray[np.float64]

RATIO = Threshold(1e-4, "of the weights", "TheDeepChecker: update ratios below 10^-4 are too small")
ALONE = Threshold(1e-3, "of the weights", "the usual ratio, of one matrix among slower ones")
COSINE = Threshold(0.95, "", "toy runs: 0.98 with lr 1000 times too low, 0.86-0.94 else")
EXPLAINED = Threshold(0.9, "of the prior's loss", "toy runs: nearer to the floor ratios are small")
TRAVEL = Threshold(0.05, "of the weights", "fifty steps at the usual ratio of 1e-3")
SLOPE = Threshold(0.1, "of the loss", "a tenth of the weights' norm would move a hundredth of it")


def check(facts: Facts) -> Outcome:
    """Fire where every matrix moves too little, and a way to go is known or was not tried."""
    schedule = _schedule(facts)
    if schedule is not None:
        return schedule
    which = facts.matrices if facts.matrices.any() else facts.held
    ratios = facts.motion.ratios[which] if which.any() else np.zeros(0)
    ratios = ratios[np.isfinite(ratios)]
    if not len(ratios):
        return Skipped("no parameter that an optimizer holds was sampled")
    largest = float(ratios.max())
    at_peak = max(largest, facts.motion.total_ratio) * _decayed(facts)
    if not 0 < at_peak < _limit(facts, ratios) or facts.level.explained >= EXPLAINED.value:
        return CLEAR
    reasons = (*_agree(facts), *_straight(facts), *_untried(facts))
    if not reasons:
        return CLEAR
    return Found("error", facts.sampled_window[0], (_small(facts, largest), *reasons))


def _limit(facts: Facts, ratios: Floats) -> float:
    """Return the limit of the fastest matrix: a small one may move more where the others do not."""
    most = (float(np.median(ratios)), facts.motion.total_ratio)
    alone = len(ratios) > 1 and max(most) * _decayed(facts) < RATIO.value
    return ALONE.value if alone and facts.level.explained <= AT_PRIOR.value else RATIO.value


def _rates(facts: Facts) -> Floats:
    series = main_rate(facts.run)
    return np.zeros(0) if series is None else series.values


def _schedule(facts: Facts) -> Outcome | None:
    """Return what a schedule says: nothing may be said of a learning rate on its way up."""
    rates = _rates(facts)
    if not len(rates):
        return None
    middle = rates[len(rates) // 2]
    if rates[-1] > middle > 0 and rates[-1] == rates.max():
        return Skipped("the learning rate is still rising")
    return None


def _decayed(facts: Facts) -> float:
    """Return by how much a schedule has lowered the learning rate since its peak."""
    rates = _rates(facts)
    if not len(rates):
        return 1.0
    return float(rates.max() / rates[-1]) if rates[-1] > 0 else np.inf


def _small(facts: Facts, largest: float) -> Evidence:
    first, last = facts.sampled_window
    reads = f"no weight matrix changes by more than {fmt(largest, 2)} of its norm in a step"
    tag = signals.TOTAL_UPDATE_RATIO.name
    return Evidence(tag, first, last, largest, RATIO.value, reads, RATIO.source)


def _agree(facts: Facts) -> Iterator[Evidence]:
    motion, (first, last) = facts.motion, facts.sampled_window
    if motion.agreement_z >= SIGNIFICANT.value:
        reads = f"successive gradients agree (c {fmt(motion.agreement, 2)}, "
        reads += f"{fmt(motion.agreement_z, 2)} standard errors)"
        z, tag = motion.agreement_z, signals.GRAD_DOT_PREV.name
        bound = f"{fmt(SIGNIFICANT.value)} standard errors"
        yield Evidence(tag, first, last, z, SIGNIFICANT.value, reads, SIGNIFICANT.source, bound)


def _straight(facts: Facts) -> Iterator[Evidence]:
    cosine, (first, last) = facts.motion.update_cosine, facts.sampled_window
    if cosine >= COSINE.value:
        reads = f"successive updates point the same way (cosine {fmt(cosine, 3)})"
        tag = UPDATE_DOT_PREV.name
        yield Evidence(tag, first, last, cosine, COSINE.value, reads, COSINE.source)


def _untried(facts: Facts) -> Iterator[Evidence]:
    """Nothing was learned, hardly any way was made, and the gradients are of a size to follow."""
    level = facts.level
    travel = facts.motion.total_ratio * (facts.last_step - facts.first_step + 1)
    if not level.explained <= AT_PRIOR.value or travel >= TRAVEL.value:
        return
    gradient = root_sum_squares(facts.parameter(GRAD_NORM, facts.rows)[:, facts.held])
    weight = root_sum_squares(facts.parameter(WEIGHT_NORM, facts.rows)[:, facts.held])
    if float(np.median(gradient * weight)) < SLOPE.value * level.prior:
        return
    reads = f"all steps together moved the weights by at most {100 * travel:.2g} % of their norm, "
    reads += f"and the loss is {fmt(level.loss, 3)} where a constant prediction has "
    reads += fmt(level.prior, 3)
    first, last = facts.first_step, facts.last_step
    tag = signals.TOTAL_UPDATE_RATIO.name
    bound = f"{fmt(100 * TRAVEL.value)} %"
    yield Evidence(tag, first, last, travel, TRAVEL.value, reads, TRAVEL.source, bound)


def _agreeing(c: float = 0.3) -> dict[signals.Signal, object]:
    return {signals.GRAD_SAMPLED_NORM: 1.0, signals.GRAD_DOT_PREV: c}


_TINY = {UPDATE_NORM: 1e-5 * 10, UPDATE_DOT_PREV: 0.99 * (1e-5 * 10) ** 2}
_UNSURE = {UPDATE_NORM: 1e-5 * 10, UPDATE_DOT_PREV: 0.0, signals.GRAD_DOT_PREV: 0.0}

RULE = Rule(
    id="lr-too-low",
    claim="The step is too small to matter.",
    stage="motion",
    needs=(LOSS, UPDATE_NORM, WEIGHT_NORM),
    min_steps=50,
    check=check,
    thresholds={
        "ratio": RATIO,
        "alone": ALONE,
        "cosine": COSINE,
        "agreement": SIGNIFICANT,
        "explained": EXPLAINED,
        "at_prior": AT_PRIOR,
        "travel": TRAVEL,
        "slope": SLOPE,
    },
    explains=("no-signal",),
    yields_to=("lr-decays-too-soon",),
    fixes=(
        "Raise the learning rate by 10, and again while the update ratio stays below 1e-3.",
        "Check that the loss is not divided twice, by batch size or accumulation steps.",
    ),
    confusables={
        "vanishing-gradient": "there the update ratio differs by decades between layers",
        "no-signal": "there successive gradients do not agree",
        "lr-decays-too-soon": "there a schedule has lowered the learning rate",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "at the prior, gradients that are mostly noise, and hardly any way made",
            lambda: synth.run(loss=synth.flat(300), parameter=_UNSURE),
        ),
        Case(
            "ratios of 1e-5 and gradients that agree",
            lambda: synth.run(loss=synth.flat(300), parameter={**_TINY, **_agreeing()}),  # type: ignore[dict-item]
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a learning rate cut to a hundredth, at a floor where gradients still agree",
            lambda: synth.run(
                loss=synth.flat(300, at=1.0),
                parameter={**_TINY, **_agreeing()},  # type: ignore[dict-item]
                lr=np.repeat([1e-3, 1e-4, 1e-5], 100),
            ),
        ),
        Case(
            "converged: small updates at a low loss",
            lambda: synth.run(loss=synth.flat(300, at=0.01, noise=1e-3), parameter=_TINY),
        ),
        Case(
            "the end of a cosine schedule",
            lambda: synth.run(
                loss=synth.flat(300, at=1.0),
                parameter=_TINY,
                lr=1e-3 * 0.5 * (1 + np.cos(np.linspace(0, np.pi, 300))),
            ),
        ),
        Case(
            "warm-up that is still under way",
            lambda: synth.run(
                loss=synth.flat(300), parameter=_TINY, lr=np.linspace(1e-9, 1e-6, 300)
            ),
        ),
    ),
)
