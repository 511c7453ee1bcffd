"""The step is too small to matter.

Sees
    The update ratio ‖Δw‖/‖w‖ of every weight matrix, whether successive gradients and updates
    agree, and the level of the loss.

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

import numpy as np

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.signals import LOSS, UPDATE_DOT_PREV, UPDATE_NORM, WEIGHT_NORM

RATIO = Threshold(1e-4, "of the weights", "TheDeepChecker: update ratios below 10^-4 are too small")
COSINE = Threshold(0.95, "", "toy runs: 0.98 with lr 1000 times too low, 0.86-0.94 else")
EXPLAINED = Threshold(0.9, "of the prior's loss", "toy runs: nearer to the floor ratios are small")
DECAYED = Threshold(0.01, "of its peak", "a schedule below it has ended the training by itself")


def check(facts: Facts) -> Outcome:
    """Fire where every weight matrix moves too little though its gradients agree on a way."""
    schedule = _schedule(facts)
    if schedule is not None:
        return schedule
    which = facts.matrices if facts.matrices.any() else facts.held
    ratios = facts.motion.ratios[which] if which.any() else np.zeros(0)
    ratios = ratios[np.isfinite(ratios)]
    if not len(ratios):
        return Skipped("no parameter that an optimizer holds was sampled")
    largest = float(ratios.max())
    if not 0 < largest < RATIO.value or facts.motion.total_ratio >= RATIO.value:
        return CLEAR
    agree = facts.motion.agreement_z >= SIGNIFICANT.value
    if facts.level.explained >= EXPLAINED.value or not (
        agree or facts.motion.update_cosine >= COSINE.value
    ):
        return CLEAR
    return Found("error", facts.sampled_window[0], _evidence(facts, largest), ())


def _schedule(facts: Facts) -> Outcome | None:
    """Return what a schedule says: nothing may be said of a learning rate on its way."""
    series = [s for tag, s in facts.run.series.items() if tag.startswith(signals.LR.tag) and len(s)]
    if not series:
        return None
    rates = max(series, key=lambda s: float(s.values.max())).values
    if rates[-1] < DECAYED.value * rates.max():
        return CLEAR
    middle = rates[len(rates) // 2]
    if rates[-1] > middle > 0 and rates[-1] == rates.max():
        return Skipped("the learning rate is still rising")
    return None


def _evidence(facts: Facts, largest: float) -> tuple[Evidence, ...]:
    first, last = facts.sampled_window
    motion = facts.motion
    evidence = [
        Evidence(
            signals.TOTAL_UPDATE_RATIO.name,
            first,
            last,
            largest,
            RATIO.value,
            f"no weight matrix changes by more than {fmt(largest, 2)} of its norm in a step",
            RATIO.source,
        )
    ]
    if motion.agreement_z >= SIGNIFICANT.value:
        reads = f"successive gradients agree (c {fmt(motion.agreement, 2)}, "
        reads += f"{fmt(motion.agreement_z, 2)} standard errors)"
        evidence.append(
            Evidence(
                signals.GRAD_DOT_PREV.name,
                first,
                last,
                motion.agreement_z,
                SIGNIFICANT.value,
                reads,
                SIGNIFICANT.source,
            )
        )
    if motion.update_cosine >= COSINE.value:
        reads = f"successive updates point the same way (cosine {fmt(motion.update_cosine, 3)})"
        evidence.append(
            Evidence(
                UPDATE_DOT_PREV.name,
                first,
                last,
                motion.update_cosine,
                COSINE.value,
                reads,
                COSINE.source,
            )
        )
    return tuple(evidence)


def _agreeing(c: float = 0.3) -> dict[signals.Signal, object]:
    return {signals.GRAD_SAMPLED_NORM: 1.0, signals.GRAD_DOT_PREV: c}


_TINY = {UPDATE_NORM: 1e-5 * 10, UPDATE_DOT_PREV: 0.99 * (1e-5 * 10) ** 2}

RULE = Rule(
    id="lr-too-low",
    claim="The step is too small to matter.",
    stage="motion",
    needs=(LOSS, UPDATE_NORM, WEIGHT_NORM),
    min_steps=50,
    check=check,
    thresholds={
        "ratio": RATIO,
        "cosine": COSINE,
        "agreement": SIGNIFICANT,
        "explained": EXPLAINED,
        "decayed": DECAYED,
    },
    explains=("no-signal",),
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
            "ratios of 1e-5 and gradients that agree",
            lambda: synth.run(loss=synth.flat(300), parameter={**_TINY, **_agreeing()}),  # type: ignore[dict-item]
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
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
