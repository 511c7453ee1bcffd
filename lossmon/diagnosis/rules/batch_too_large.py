"""Too few, too certain updates.

Sees
    How far successive gradients agree, how many steps there were, and whether the loss still falls
    steeply at the end of them.

Why the loss stalls
    Each step knows exactly where to go, and there are too few of them to get there: examples that
    only confirm what half of them would have said bring no step further.

Fix
    Smaller batches: as many steps more for the same examples.

Not to be confused with
    lr-too-low: there the steps are tiny; here they are of the usual size.
    missing-zero-grad: there successive gradients agree because they contain each other.
    class-imbalance: there they agree because nearly all labels are the same.
    Full-batch training that has come to its end: there the loss does not fall any more.

Sources
    McCandlish et al. 2018, section 2.2: at c = 1/(1 + B_simple/B) above 0.7 a batch of less than
    half the size gives nearly the same step.
    Hoffer et al. 2017, "Train longer, generalize better": large batches want as many updates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import NEARLY
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.signals import GRAD_DOT_PREV, LOSS, UPDATE_NORM

AGREEMENT = Threshold(0.7, "", "McCandlish et al. 2018: the batch is 2.3 times B_simple")
LARGE = Threshold(128.0, "examples", "Keskar et al. 2017: usual batches are of 32 to 512")
STEPS = Threshold(500.0, "steps", "calibration: trainings of few epochs with one step in each")
STEEP = Threshold(0.05, "of the loss", "five times the practical floor of the trend")
RATIO = Threshold(1e-4, "of the weights", "lr-too-low's limit: below it the steps are at fault")
PAIRS = 8


def check(facts: Facts) -> Outcome:
    """Fire where few steps of large batches agree, and the loss still falls steeply."""
    motion, examples = facts.motion, facts.batches.examples
    if np.isnan(examples):
        return Skipped("the size of a batch is not known")
    if motion.pairs < PAIRS:
        return Skipped(f"{motion.pairs} pairs of steps in a row were sampled, {PAIRS} needed")
    if examples < LARGE.value or facts.n_steps > STEPS.value:
        return CLEAR
    if not motion.agreement > AGREEMENT.value or not motion.total_ratio > RATIO.value:
        return CLEAR
    falls = facts.is_improving and -facts.trend.relative > STEEP.value
    if not falls or facts.level.explained >= NEARLY.value:
        return CLEAR
    return Found("warning", facts.sampled_window[0], _evidence(facts, examples))


def _evidence(facts: Facts, examples: float) -> tuple[Evidence, ...]:
    c, (first, last) = facts.motion.agreement, facts.sampled_window
    reads = f"successive gradients agree almost entirely (c {fmt(c, 2)}): of the {fmt(examples)} "
    reads += f"examples in a step about {fmt(_enough(examples, c), 1)} would do"
    count = facts.n_steps
    few = f"there were {count} steps, and the loss still fell by "
    few += f"{fmt(-100 * facts.trend.relative, 2)} % over the last of them"
    agreement = Evidence(
        GRAD_DOT_PREV.name, first, last, c, AGREEMENT.value, reads, AGREEMENT.source
    )
    steep = f"{fmt(100 * STEEP.value)} %"
    fallen = Evidence(
        LOSS.name, *facts.loss_window, -facts.trend.relative, STEEP.value, few, STEEP.source, steep
    )
    return agreement, fallen


def _enough(examples: float, c: float) -> float:
    """Return B_simple: a batch of it makes steps half as good as any larger one could."""
    return max(1.0, examples * (1 / min(c, 1.0) - 1))


_SIZE = {BATCH_SIZE: 2000.0, TARGET_COUNT: 2000.0}


def _sure(c: float = 0.95, steps: int = 60) -> dict[signals.Signal, NDArray[np.float64]]:
    shape = (steps, len(synth.SHAPES))
    return {signals.GRAD_SAMPLED_NORM: np.ones(shape), GRAD_DOT_PREV: np.full(shape, c)}


RULE = Rule(
    id="batch-too-large",
    claim="Too few, too certain updates.",
    stage="motion",
    needs=(LOSS, GRAD_DOT_PREV, UPDATE_NORM),
    min_steps=20,
    check=check,
    thresholds={
        "agreement": AGREEMENT,
        "large": LARGE,
        "steps": STEPS,
        "steep": STEEP,
        "explained": NEARLY,
        "ratio": RATIO,
    },
    yields_to=("missing-zero-grad", "lr-too-low", "class-imbalance"),
    fixes=(
        "Divide the batch size by 8: as many steps more for the same examples.",
        "Train for more epochs: count steps, not epochs.",
        "Raise the learning rate with the batch, after a warm-up, where memory and time are spare.",
    ),
    confusables={
        "lr-too-low": "there the update ratio is below 1e-4",
        "missing-zero-grad": "there gradients agree because they contain each other",
        "repeated-batch": "there the few examples of one batch come again",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "sixty steps of the whole set",
            lambda: synth.run(60, loss=synth.falling(60, end=1.0), parameter=_sure(), total=_SIZE),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "sixty steps of the usual size",
            lambda: synth.run(60, loss=synth.falling(60, end=1.0), parameter=_sure(0.1)),
        ),
        Case(
            "sixty steps with the four examples there are",
            lambda: synth.run(
                60,
                loss=synth.falling(60, end=1.0),
                parameter=_sure(),
                total={BATCH_SIZE: 4.0, TARGET_COUNT: 4.0},
            ),
        ),
        Case(
            "full batches until the loss has fallen",
            lambda: synth.run(
                1000, loss=synth.falling(1000, end=0.1), parameter=_sure(steps=1000), total=_SIZE
            ),
        ),
        Case(
            "full batches that have come to a floor",
            lambda: synth.run(
                loss=synth.flat(300, at=1.0), parameter=_sure(steps=300), total=_SIZE
            ),
        ),
    ),
)
