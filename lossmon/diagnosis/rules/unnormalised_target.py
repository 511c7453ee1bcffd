"""Targets are on a scale the network cannot reach.

Sees
    Mean and standard deviation of the targets of a regression against those of the predictions,
    at first and now; the loss against that of the best constant; whether the first updates threw
    the weights about.

Why the loss stalls
    A network starts with outputs of about 1. To get to targets in the hundreds it has to grow by as
    much: with a step of fixed size that takes thousands of them, and with one that goes with the
    error the first gradients are so large that they wreck the weights.

Fix
    Scale the targets to mean 0 and standard deviation 1, and scale predictions back.

Not to be confused with
    wrong-output-activation: there no weights at all reach the targets.
    lr-too-low: there the targets are on the network's scale.
    no-signal: there the predictions have got to the mean, and no gradient agrees on more.

Sources
    Bishop 1995, "Neural Networks for Pattern Recognition", section 8.2: scale inputs and targets to
    order unity, for initial weights are chosen for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lossmon.batchsignals import (
    PREDICTION_MEAN,
    PREDICTION_STD,
    TARGET_COUNT,
    TARGET_MEAN,
    TARGET_STD,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import EARLY_ROWS, Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import NEARLY
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.scales import Scale, pooled
from lossmon.numfmt import fmt
from lossmon.records import Mark
from lossmon.signals import (
    GRAD_DOT_PREV,
    LOSS,
    PRIOR_LOSS,
    TOTAL_UPDATE_RATIO,
    Signal,
)

LARGE = Threshold(10.0, "times the outputs' scale", "Bishop 1995, 8.2: order unity; ten is not")
AWAY = Threshold(0.5, "of the targets' std", "an error of half a std in every prediction")
EXPLAINED = Threshold(0.5, "of the prior's loss", "who explains half of it has reached the targets")
SPIKE = Threshold(0.3, "of the weights", "toy runs: 0.06 at most in healthy ones, see lr-too-high")

FIRST, NEWEST = slice(0, 1), slice(-2, None)
REGRESSIONS = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def check(facts: Facts) -> Outcome:
    """Fire where targets are far larger than outputs, and those do not get there or are wrecked."""
    criterion = facts.batches.criterion
    if criterion is None:
        return Skipped("no criterion was recognised")
    if criterion.name not in REGRESSIONS:
        return CLEAR
    if criterion.stretched:
        return Skipped("prediction and target are of different shapes")
    targets, at_first = _targets(facts), _predictions(facts, FIRST)
    if not np.isfinite(targets.size + at_first.size):
        return Skipped("no finite targets and predictions were looked at")
    if targets.size <= LARGE.value * max(1.0, at_first.size):
        return CLEAR
    harm = _wrecked(facts) or _far(facts, targets)
    slow = None if harm else _slow(facts)
    if slow is not None:
        first = int(facts.batches.measured(TARGET_MEAN)[0][0])
        return Found("info", first, (_larger(facts, targets, at_first), slow))
    if harm is None:
        return CLEAR
    first = int(facts.batches.measured(TARGET_MEAN)[0][0])
    return Found("error", first, (_larger(facts, targets, at_first), harm))


def _targets(facts: Facts) -> Scale:
    measured = facts.batches.measured
    return pooled(measured(TARGET_MEAN)[1], measured(TARGET_STD)[1])


def _predictions(facts: Facts, which: slice) -> Scale:
    """Return the scale of the predictions of some batches: they move, so of few at a time."""
    measured = facts.batches.measured
    return pooled(measured(PREDICTION_MEAN)[1][which], measured(PREDICTION_STD)[1][which])


def _larger(facts: Facts, targets: Scale, outputs: Scale) -> Evidence:
    steps = facts.batches.measured(TARGET_MEAN)[0]
    reads = f"targets have mean {fmt(targets.mean, 3)} and std {fmt(targets.std, 3)}, root mean "
    reads += f"square {fmt(targets.size, 3)}; that of the first outputs is {fmt(outputs.size, 2)}"
    limit = LARGE.value * max(1.0, outputs.size)
    tag = "target_size"
    return Evidence(tag, int(steps[0]), int(steps[-1]), targets.size, limit, reads, LARGE.source)


def _wrecked(facts: Facts) -> Evidence | None:
    """Return what says that the first updates wrecked the weights, where the run has not learned.

    Where the loss is lost the updates that did it may not have been seen.
    """
    lost = np.flatnonzero(~np.isfinite(facts.losses))
    if len(lost) and not np.isfinite(facts.losses[-1]):
        step = int(facts.loss_steps[lost[0]])
        reads = f"the loss is no finite number from step {step} on"
        nan = float("nan")
        return Evidence(LOSS.name, step, facts.last_step, nan, nan, reads)
    if facts.is_improving or facts.level.explained > EXPLAINED.value:
        return None
    early = facts.update_ratios[:EARLY_ROWS]
    early = np.where(np.isnan(early), 0.0, early)
    if not len(early) or not early.max() > SPIKE.value:
        return None
    at = facts.sampled_steps[facts.run_rows[: len(early)]]
    worst = float(early.max())
    reads = f"one of the first steps changed the weights by {fmt(100 * worst, 3)} % of their norm"
    bound, tag = f"{fmt(100 * SPIKE.value)} %", TOTAL_UPDATE_RATIO.name
    return Evidence(tag, int(at[0]), int(at[-1]), worst, SPIKE.value, reads, SPIKE.source, bound)


def _far(facts: Facts, targets: Scale) -> Evidence | None:
    """Return what says that the predictions have not got to where the targets are."""
    level, now = facts.level, _predictions(facts, NEWEST)
    if not level.is_known or level.explained > EXPLAINED.value or not np.isfinite(now.size):
        return None
    gap = abs(targets.mean - now.mean)
    away = gap > AWAY.value * targets.std
    if not away and (now.std > AWAY.value * targets.std or not _pulls(facts)):
        return None
    first, last = facts.window
    place, width = fmt(now.mean, 3), fmt(now.std, 3)
    if away:
        reads = f"predictions have mean {place}, {fmt(gap, 3)} away from the targets'"
        limit = AWAY.value * targets.std
        return Evidence(PREDICTION_MEAN.name, first, last, gap, limit, reads, AWAY.source)
    reads = f"predictions have std {width} where targets have {fmt(targets.std, 3)}"
    limit = AWAY.value * targets.std
    return Evidence(PREDICTION_STD.name, first, last, now.std, limit, reads, AWAY.source)


def _slow(facts: Facts) -> Evidence | None:
    """Return what says that the outputs are still on their way to targets so far off."""
    level, (first, last) = facts.level, facts.window
    if not level.explained < NEARLY.value or not (facts.is_improving or _pulls(facts)):
        return None
    reads = f"the loss began at {fmt(facts.first_loss, 3)} and is {fmt(level.loss, 3)} by now, "
    reads += f"where a constant has {fmt(level.prior, 3)}: most steps went into the scale"
    tag, source, bound = LOSS.name, NEARLY.source, fmt((1 - NEARLY.value) * level.prior, 3)
    return Evidence(tag, first, last, level.explained, NEARLY.value, reads, source, bound)


def _pulls(facts: Facts) -> bool:
    """Return whether gradients agree that the predictions should still spread."""
    return facts.motion.agreement_z >= SIGNIFICANT.value


def _regression() -> Mark:
    shape = [64, 1]
    given = {"prediction_shape": shape, "target_shape": shape, "target_dtype": "float32"}
    return synth.criterion(name="mse_loss", **given)


def _seen(target: tuple[float, float], now: tuple[float, ArrayLike]) -> dict[Signal, ArrayLike]:
    mean = np.full(300, now[0])
    mean[0] = 0.1
    return {
        TARGET_MEAN: target[0],
        TARGET_STD: target[1],
        PREDICTION_MEAN: mean,
        PREDICTION_STD: now[1],
    }


RULE = Rule(
    id="unnormalised-target",
    claim="Targets are on a scale the network cannot reach.",
    stage="data",
    needs=(TARGET_COUNT,),
    min_steps=20,
    check=check,
    thresholds={
        "large": LARGE,
        "away": AWAY,
        "explained": EXPLAINED,
        "nearly": NEARLY,
        "spike": SPIKE,
        "agreement": SIGNIFICANT,
    },
    explains=(
        "nan-in-loss",
        "lr-too-high",
        "lr-too-low",
        "exploding-gradient",
        "grad-clip-too-tight",
        "dead-relu",
        "saturated-activation",
        "init-too-large",
        "init-too-small",
        "vanishing-gradient",
        "batch-too-large",
        "batch-too-small",
        "model-too-small",
        "no-signal",
    ),
    yields_to=("wrong-output-activation",),
    fixes=(
        "Subtract the training targets' mean and divide by their std; undo that on predictions.",
        "For targets over many decades predict their logarithm.",
        "Start the last layer's bias at the mean of the targets.",
    ),
    confusables={
        "wrong-output-activation": "there no weights at all reach the targets",
        "lr-too-low": "there the targets are on the network's scale",
        "no-signal": "there predictions have got to the mean and no gradient agrees on more",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "targets about 5000 that the outputs creep up to",
            lambda: synth.run(
                loss=synth.flat(300, at=2.5e7, noise=1e4),
                marks=[_regression()],
                total={
                    **_seen((5000.0, 800.0), (3.0, 1.0)),
                    PRIOR_LOSS: 800.0**2,
                },
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "large targets that the model has reached",
            lambda: synth.run(
                loss=synth.falling(300, start=1000.0, end=20.0),
                marks=[_regression()],
                total={**_seen((50.0, 10.0), (50.0, 9.5)), PRIOR_LOSS: 100.0},
            ),
        ),
        Case(
            "standardised targets that nothing can be learned of",
            lambda: synth.run(
                loss=synth.flat(300, at=1.0),
                marks=[_regression()],
                total={**_seen((0.0, 1.0), (0.0, 0.02)), PRIOR_LOSS: 1.0},
            ),
        ),
        Case(
            "large targets of noise, of which the mean is known",
            lambda: synth.run(
                loss=synth.flat(300, at=100.0, noise=1.0),
                marks=[_regression()],
                total={**_seen((50.0, 10.0), (50.0, 0.3)), PRIOR_LOSS: 100.0},
                parameter={GRAD_DOT_PREV: np.random.default_rng(5).normal(0, 0.1, (300, 6))},
            ),
        ),
    ),
)
