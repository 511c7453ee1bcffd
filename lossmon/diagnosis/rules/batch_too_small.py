"""Noise drowns the gradient.

Sees
    How many examples a step is made of, whether successive gradients agree, and by how much the
    noise in the steps alone holds the loss up. A sentence, a series or an image is one example,
    however many words or pixels are judged of it.

Why the loss stalls
    The gradient of a few examples points nearly anywhere. Steps as long as those of a larger batch
    undo each other, and the loss hovers where they bring in as much as they spoil. That level may
    sink all the while, more slowly than larger batches would have it: then it is a note.

Fix
    Larger batches, or gradients accumulated over several, or a learning rate that goes with them.

Not to be confused with
    no-signal: there nothing is learned, however large the batch. Steps of mere noise cannot tell.
    label-noise and model-too-small: there the loss stays where it is with shorter steps too.
    batchnorm-misuse: there batch statistics of few values or examples are the noise; a probe tells.
    Small batches at rates that go with them: single losses jump about, but noise holds their
    average up by little.

Sources
    McCandlish et al. 2018, section 2.2: c = 1/(1 + B_simple/B).
    Bottou et al. 2018, theorem 4.6: at a constant step size the loss hovers above its least value
    in proportion to step size and noise; near a minimum by a quarter of -⟨g,Δ⟩, which is at most
    the sum of ‖g‖‖Δ‖ over the parameters. Where updates are averages of many gradients, ‖Δ‖ times
    √((1 + cos)/(1 - cos)) of successive ones. With the rate annealed to 0, eight calibration runs
    lost 0.5 to 0.9 of that.
    Masters and Luschi 2018: batches from 2 on train well, at learning rates that go with them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.batchstatistics import normed_by_batch
from lossmon.diagnosis.evaldoubt import of_few
from lossmon.diagnosis.evalgap import PROBE
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import NEARLY, seems_explained
from lossmon.diagnosis.motion import SIGNIFICANT, memory
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.sampling import newest
from lossmon.diagnosis.schedule import main_rate
from lossmon.numfmt import fmt, plural
from lossmon.records import Steps
from lossmon.signals import GRAD_DOT_PREV, GRAD_NORM, LOSS, UNCLIPPED_NORM, UPDATE_NORM

SMALL = Threshold(8.0, "examples", "Masters and Luschi 2018: good from 2 to 32; noise from 1 on")
TINY = Threshold(
    4.0,
    "examples",
    "calibration: at 8 a healthy tagger that learns has 1.6 times the noise allowed",
)
NOTHING_LEARNT = Threshold(
    0.06,
    "of the loss",
    "calibration, at the prior: 0.05 at most where steps are short, or from 0.07",
)
ALL_LEARNT = Threshold(
    0.25,
    "of the loss",
    "calibration: 3 of 97 healthy runs above the line between, 13 of 109 faulty below",
)
MATTERS = Threshold(
    0.03, "of the prior's loss", "calibration: 0.024 at most where all is known by heart soon"
)
AGREED = Threshold(0.15, "", "status, FAR: c is 0.01-0.15 at floors, 0.3 with a way to go")
MOST_ALIKE = 0.95
"""Cosine of successive updates beyond which the average is not only over noise."""
MANY = 128
"""Of noisy steps few are long, and those decide: 32 in a row may have half or twice the mean."""
SAME_RATE = 0.1
"""Learning rates that differ by less, relatively, make steps of the same length."""
FEW = 6
"""Of so few records one long step spoils the mean, and its standard error no less."""
ERRORS = 2
"""Standard errors by which the mean of the window's own records may be too high."""
PAIRS = 8
"""With fewer pairs of gradients they hardly ever agree by as many standard errors."""


def check(facts: Facts) -> Outcome:
    """Fire where steps of a few examples keep a loss up that has something to learn from."""
    motion, examples = facts.motion, facts.batches.sequences
    if np.isnan(examples):
        return Skipped("the size of a batch is not known")
    if examples > _most(facts).value or facts.level.explained >= NEARLY.value:
        return CLEAR
    if motion.pairs < PAIRS:
        return Skipped(f"{motion.pairs} pairs of steps in a row were sampled, {PAIRS} needed")
    if not facts.level.is_known:
        return Skipped(facts.level.why_unknown)
    held = _held_up(facts)
    if _agree(facts) or not held > _least(facts):
        return CLEAR
    if facts.probe(PROBE) is None and any(of_few(facts, normed_by_batch(facts))):
        return Skipped("batch statistics are of few, too: batchnorm-misuse asks a probe")
    return Found("warning", facts.sampled_window[0], _evidence(facts, examples, held))


def _most(facts: Facts) -> Threshold:
    """Return up to how many examples are few: fewer where the loss falls all the same.

    And where each has parts that are judged: of so few rows none is likely to be a point in time.
    """
    has_parts = facts.batches.sequences < facts.batches.examples
    return TINY if facts.is_improving or has_parts else SMALL


def _agree(facts: Facts) -> bool:
    """Return whether gradients are surely more than noise, and not mostly noise either."""
    motion = facts.motion
    return motion.agreement_z >= SIGNIFICANT.value and motion.agreement >= AGREED.value


def _least(facts: Facts) -> float:
    """Return how much of the loss has to be noise: the larger a share, the more is learnt."""
    level, none = facts.level, NOTHING_LEARNT.value
    share = none + (ALL_LEARNT.value - none) * float(np.clip(level.explained, 0, 1))
    return max(share * level.loss, MATTERS.value * level.prior)


def _held_up(facts: Facts) -> float:
    """Return by how much noise keeps the loss up, see Sources: from steps like the window's."""
    rows = _alike(facts)
    products = _products(facts, rows)
    now = products[facts.sampled_steps[rows] >= facts.window[0]]
    noise = 1 - float(np.clip(np.nan_to_num(facts.motion.agreement), 0.0, 1.0))
    return _lasting(facts) / 4 * noise * max(_mean(products), _mean(now, ERRORS))


def _lasting(facts: Facts) -> float:
    """Return how many times longer than an update all is that becomes of one gradient.

    What successive updates have in common beyond momentum is no noise.
    """
    most = min(MOST_ALIKE, memory(facts, unknown=MOST_ALIKE))
    cosine = float(np.clip(np.nan_to_num(facts.motion.update_cosine), 0.0, most))
    return float(np.sqrt((1 + cosine) / (1 - cosine)))


def _products(facts: Facts, rows: Steps) -> NDArray[np.float64]:
    """Return the sum over the parameters of ‖g‖‖Δ‖, one a record; NaN where it is not known."""
    held = facts.held if facts.held.any() else facts.trainable
    clipped, whole = (facts.parameter(s, rows)[:, held] for s in (GRAD_NORM, UNCLIPPED_NORM))
    # What is left of a clipped gradient is not the slope of the loss.
    products = np.fmax(clipped, whole) * facts.parameter(UPDATE_NORM, rows)[:, held]
    return np.where(np.isnan(products).all(axis=1), np.nan, np.nansum(products, axis=1))


def _mean(values: NDArray[np.float64], errors: int = 0) -> float:
    """Return the mean, less so many of its standard errors; 0 of fewer than `FEW` values."""
    values = values[np.isfinite(values)]
    if len(values) < FEW:
        return 0.0
    return float(values.mean() - errors * values.std(ddof=1) / np.sqrt(len(values)))


def _alike(facts: Facts) -> Steps:
    """Return the newest records of the window's learning rate, `MANY` where there are.

    Where nothing has been learnt one step is as good as another: then all there are.
    """
    unlearnt = facts.level.explained <= seems_explained(facts)
    count = len(facts.sampled_steps) if unlearnt else MANY
    rows = newest(facts.sampled_steps, facts.window[0], least=count)
    rate = main_rate(facts.run)
    if rate is None:
        return rows
    now = float(rate.values[-1])
    then = np.interp(facts.sampled_steps[rows], rate.steps, rate.values)
    return rows[np.abs(then - now) <= SAME_RATE * abs(now)]


def _evidence(facts: Facts, examples: float, held: float) -> tuple[Evidence, ...]:
    (first, last), level, size = facts.sampled_window, facts.level, _most(facts)
    few = f"a step is made of {plural(round(examples), 'example')}"
    up = f"at steps of this length their noise alone keeps the loss up by about {fmt(held, 2)}; it "
    up += f"is {fmt(level.loss, 3)}, where a constant prediction has {fmt(level.prior, 3)}"
    return (
        Evidence(BATCH_SIZE.name, first, last, examples, size.value, few, size.source),
        _disagreement(facts),
        Evidence(UPDATE_NORM.name, first, last, held, _least(facts), up, ALL_LEARNT.source),
    )


def _disagreement(facts: Facts) -> Evidence:
    (first, last), motion, tag = facts.sampled_window, facts.motion, GRAD_DOT_PREV.name
    c, z, limit = motion.agreement, motion.agreement_z, SIGNIFICANT
    if z >= limit.value:
        reads = f"successive gradients agree, but hardly (c {fmt(c, 2)})"
        return Evidence(tag, first, last, c, AGREED.value, reads, AGREED.source)
    reads = f"successive gradients do not agree (c {fmt(c, 2)}, {fmt(z, 2)} standard errors)"
    bound = f"{fmt(limit.value)} standard errors"
    return Evidence(tag, first, last, z, limit.value, reads, limit.source, bound)


_TWO = {BATCH_SIZE: 2.0, TARGET_COUNT: 2.0}


def _noisy(update: float = 0.5, c: float = 0.0) -> dict[signals.Signal, NDArray[np.float64]]:
    shape = (300, len(synth.SHAPES))
    dots = np.random.default_rng(5).normal(c, 0.1, shape)
    return {
        GRAD_DOT_PREV: dots,
        UPDATE_NORM: np.full(shape, update),
        signals.UPDATE_DOT_PREV: np.full(shape, 0.5 * update**2),
    }


def _crossed() -> dict[signals.Signal, NDArray[np.float64]]:
    noisy, even = _noisy(), np.arange(len(synth.SHAPES)) % 2
    noisy[UPDATE_NORM] = np.where(even, 0.5, 1e-3) * np.ones((300, 1))
    gradient = np.where(even, 1e-3, 0.7) * np.ones((300, 1))
    return noisy | {GRAD_NORM: gradient, UNCLIPPED_NORM: gradient}


def _slackening() -> dict[signals.Signal, NDArray[np.float64]]:
    noisy = _noisy()
    noisy[UPDATE_NORM] = np.repeat([0.5, 0.01], [100, 200])[:, None] * np.ones(len(synth.SHAPES))
    return noisy


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
        "tiny": TINY,
        "nothing_learnt": NOTHING_LEARNT,
        "all_learnt": ALL_LEARNT,
        "matters": MATTERS,
        "nearly": NEARLY,
        "agreement": SIGNIFICANT,
        "agreed": AGREED,
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
        Case(
            "two examples a step, long steps, and a loss that falls all the same",
            lambda: synth.run(total=_TWO, parameter=_noisy()),
        ),
        Case(
            "one sentence of thirty words a step, long steps, and half way to nowhere",
            lambda: synth.run(
                loss=synth.flat(300, at=1.8),
                total={BATCH_SIZE: 1.0, TARGET_COUNT: 30.0},
                parameter=_noisy(),
            ),
        ),
        Case(
            "two examples a step, nothing learnt, and steps that are long at first",
            lambda: synth.run(loss=synth.flat(300), total=_TWO, parameter=_slackening()),
        ),
        Case(
            "two examples a step, and gradients that are clipped to a hundredth",
            lambda: synth.run(
                loss=synth.flat(300, at=1.8),
                total=_TWO,
                parameter=_noisy(0.01) | {UNCLIPPED_NORM: 100.0},
            ),
        ),
        Case(
            "two examples a step whose gradients agree by a tenth, for sure",
            lambda: synth.run(loss=synth.flat(300, at=1.8), total=_TWO, parameter=_noisy(c=0.1)),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "two examples a step, and a loss that falls by short steps",
            lambda: synth.run(total=_TWO, parameter=_noisy(0.01)),
        ),
        Case(
            "eight examples a step, long steps, and a loss that falls all the same",
            lambda: synth.run(total={BATCH_SIZE: 8.0, TARGET_COUNT: 8.0}, parameter=_noisy()),
        ),
        Case(
            "eight points in time of thirty series, long steps, and half way to nowhere",
            lambda: synth.run(
                loss=synth.flat(300, at=1.8),
                total={BATCH_SIZE: 8.0, TARGET_COUNT: 240.0},
                parameter=_noisy(),
            ),
        ),
        Case(
            "two examples a step at a floor, with short steps",
            lambda: synth.run(loss=synth.flat(300, at=1.8), total=_TWO, parameter=_noisy(0.01)),
        ),
        Case(
            "two examples a step at a floor, with steps that are long at first only",
            lambda: synth.run(loss=synth.flat(300, at=1.8), total=_TWO, parameter=_slackening()),
        ),
        Case(
            "two examples a step at a floor, with short steps since the learning rate was lowered",
            lambda: synth.run(
                loss=synth.flat(300, at=1.8), total=_TWO, parameter=_lowered(), lr=_LOWERED
            ),
        ),
        Case(
            "two examples a step, and long updates of other parameters than gradients are long of",
            lambda: synth.run(loss=synth.flat(300, at=1.8), total=_TWO, parameter=_crossed()),
        ),
        Case(
            "two examples a step, long steps, and hardly anything left to explain",
            lambda: synth.run(loss=synth.flat(300, at=0.2), total=_TWO, parameter=_noisy()),
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
