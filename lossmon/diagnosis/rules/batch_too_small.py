"""Noise drowns the gradient.

Sees
    How many examples a step is made of, whether successive gradients agree, and by how much the
    noise in the steps alone holds the loss up.

Why the loss stalls
    The gradient of a few examples points nearly anywhere. Steps as long as those of a larger batch
    undo each other, and the loss hovers where they bring in as much as they spoil.

Fix
    Larger batches, or gradients accumulated over several, or a learning rate that goes with them.

Not to be confused with
    no-signal: there nothing is learned, however large the batch. Steps of mere noise cannot tell.
    label-noise and model-too-small: there the loss stays where it is with shorter steps too.
    Small batches that learn: single losses jump about, and their average falls.

Sources
    McCandlish et al. 2018, section 2.2: c = 1/(1 + B_simple/B).
    Bottou et al. 2018, theorem 4.6: at a constant step size the loss hovers above its least value
    in proportion to step size and noise; near a minimum, plain SGD, by a quarter of ‖g‖‖Δ‖. Where
    updates are averages of many gradients, ‖Δ‖ times √((1 + cos)/(1 - cos)) of successive ones.
    Masters and Luschi 2018: batches from 2 on train well, at learning rates that go with them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR, BY_CHANCE, seems_explained
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.sampling import newest
from lossmon.diagnosis.schedule import main_rate
from lossmon.diagnosis.stats import root_sum_squares
from lossmon.numfmt import fmt, plural
from lossmon.signals import GRAD_DOT_PREV, GRAD_NORM, LOSS, UPDATE_NORM

SMALL = Threshold(8.0, "examples", "Masters and Luschi 2018: good from 2 to 32; noise from 1 on")
HELD_UP = Threshold(
    0.2, "of the loss", "calibration: 0.3 and more in faulty runs, half is an error"
)
NOTHING_LEARNT = Threshold(
    0.1, "of the loss", "as far above the prior as no-signal goes: there it is no excuse"
)
MOST_ALIKE = 0.95
"""Cosine of successive updates beyond which the average is not only over noise."""
NEARLY = Threshold(0.9, "of the prior's loss", "toy runs: nothing but floors lies above it")
MANY = 128
"""Of noisy steps few are long, and those decide: 32 in a row may have half or twice the mean."""
SAME_RATE = 0.1
"""Learning rates that differ by less, relatively, make steps of the same length."""
PAIRS = 8
"""With fewer pairs of gradients they hardly ever agree by as many standard errors."""


def check(facts: Facts) -> Outcome:
    """Fire where steps of a few examples keep a loss up that has something to learn from."""
    motion, examples = facts.motion, facts.batches.examples
    if np.isnan(examples):
        return Skipped("the size of a batch is not known")
    if examples > SMALL.value or facts.is_improving or facts.level.explained >= NEARLY.value:
        return CLEAR
    if motion.pairs < PAIRS:
        return Skipped(f"{motion.pairs} pairs of steps in a row were sampled, {PAIRS} needed")
    if not facts.level.is_known:
        return Skipped(facts.level.why_unknown)
    held, least = _held_up(facts), _least(facts)
    if motion.agreement_z >= SIGNIFICANT.value or not held > least * facts.level.loss:
        return CLEAR
    return Found("warning", facts.sampled_window[0], _evidence(facts, examples, held))


def _least(facts: Facts) -> float:
    """Return which share of the loss has to be noise: less where a constant would do as well."""
    learnt = facts.level.explained > seems_explained(facts)
    return (HELD_UP if learnt else NOTHING_LEARNT).value


def _held_up(facts: Facts) -> float:
    """Return by how much noise keeps the loss up, see Sources: from steps like the window's."""
    held, rows = facts.held if facts.held.any() else facts.trainable, _alike(facts)
    gradient = root_sum_squares(facts.parameter(GRAD_NORM, rows)[:, held])
    update = root_sum_squares(facts.parameter(UPDATE_NORM, rows)[:, held])
    product = gradient * update
    product = product[np.isfinite(product)]
    cosine = float(np.clip(np.nan_to_num(facts.motion.update_cosine), 0.0, MOST_ALIKE))
    lasting = np.sqrt((1 + cosine) / (1 - cosine))
    return float(lasting * product.mean() / 4) if len(product) else float("nan")


def _alike(facts: Facts) -> NDArray[np.int64]:
    """Return the newest records of the window's learning rate, `MANY` where there are."""
    rows = newest(facts.sampled_steps, facts.window[0], least=MANY)
    rate = main_rate(facts.run)
    if rate is None:
        return rows
    now = float(rate.values[-1])
    then = np.interp(facts.sampled_steps[rows], rate.steps, rate.values)
    return rows[np.abs(then - now) <= SAME_RATE * abs(now)]


def _evidence(facts: Facts, examples: float, held: float) -> tuple[Evidence, ...]:
    (first, last), motion, level = facts.sampled_window, facts.motion, facts.level
    few = f"a step is made of {plural(round(examples), 'example')}"
    noise = f"successive gradients do not agree (c {fmt(motion.agreement, 2)}, "
    noise += f"{fmt(motion.agreement_z, 2)} standard errors)"
    up = f"at steps of this length their noise alone keeps the loss up by about {fmt(held, 2)}; it "
    up += f"is {fmt(level.loss, 3)}, where a constant prediction has {fmt(level.prior, 3)}"
    bound = f"{fmt(SIGNIFICANT.value)} standard errors"
    z, limit = motion.agreement_z, SIGNIFICANT.value
    most = _least(facts) * level.loss
    return (
        Evidence(BATCH_SIZE.name, first, last, examples, SMALL.value, few, SMALL.source),
        Evidence(GRAD_DOT_PREV.name, first, last, z, limit, noise, SIGNIFICANT.source, bound),
        Evidence(UPDATE_NORM.name, first, last, held, most, up, HELD_UP.source),
    )


_TWO = {BATCH_SIZE: 2.0, TARGET_COUNT: 2.0}


def _noisy(update: float = 0.5, c: float = 0.0) -> dict[signals.Signal, NDArray[np.float64]]:
    shape = (300, len(synth.SHAPES))
    dots = np.random.default_rng(5).normal(c, 0.1, shape)
    return {
        GRAD_DOT_PREV: dots,
        UPDATE_NORM: np.full(shape, update),
        signals.UPDATE_DOT_PREV: np.full(shape, 0.5 * update**2),
    }


_LOWERED = np.repeat([1e-2, 2e-4], [220, 80])


def _lowered() -> dict[signals.Signal, NDArray[np.float64]]:
    noisy = _noisy()
    noisy[UPDATE_NORM] = np.broadcast_to(50 * _LOWERED[:, None], (300, len(synth.SHAPES)))
    return noisy


RULE = Rule(
    id="batch-too-small",
    claim="Noise drowns the gradient.",
    stage="motion",
    needs=(LOSS, GRAD_DOT_PREV, GRAD_NORM, UPDATE_NORM),
    min_steps=100,
    check=check,
    thresholds={
        "small": SMALL,
        "held_up": HELD_UP,
        "nothing_learnt": NOTHING_LEARNT,
        "at_prior": AT_PRIOR,
        "by_chance": BY_CHANCE,
        "nearly": NEARLY,
        "agreement": SIGNIFICANT,
    },
    explains=("no-signal", "label-noise", "model-too-small"),
    yields_to=("batchnorm-misuse", "lr-too-high", "dropout-too-strong"),
    fixes=(
        "Raise the batch size to 32 or more.",
        "Accumulate gradients: one optimizer.step() for the backward passes of 16 batches.",
        "Lower the learning rate with the batch: by 32 from a recipe for 32 examples.",
    ),
    confusables={
        "no-signal": "there nothing is learned, however large the batch",
        "label-noise": "there the loss stays where it is with shorter steps too",
        "lr-too-high": "there steps are too long for exact gradients as well",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "two examples a step, long steps, and half way to nowhere",
            lambda: synth.run(loss=synth.flat(300, at=1.8), total=_TWO, parameter=_noisy()),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "two examples a step, and a loss that falls",
            lambda: synth.run(total=_TWO, parameter=_noisy()),
        ),
        Case(
            "two examples a step at a floor, with short steps",
            lambda: synth.run(loss=synth.flat(300, at=1.8), total=_TWO, parameter=_noisy(0.01)),
        ),
        Case(
            "two examples a step at a floor, with short steps since the learning rate was lowered",
            lambda: synth.run(
                loss=synth.flat(300, at=1.8), total=_TWO, parameter=_lowered(), lr=_LOWERED
            ),
        ),
        Case(
            "long steps of large batches",
            lambda: synth.run(loss=synth.flat(300, at=1.8), parameter=_noisy()),
        ),
        Case(
            "two examples a step whose gradients agree",
            lambda: synth.run(loss=synth.flat(300, at=1.8), total=_TWO, parameter=_noisy(c=0.2)),
        ),
    ),
)
