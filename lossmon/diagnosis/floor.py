"""Whether a run lies at a floor well above zero: flat, at an optimum, and far from explaining all.

Noise in the labels and a model that is too small end there alike. What tells them apart is whether
the model can learn one batch by heart, or a bottleneck that its shapes show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import Skipped, Threshold
from lossmon.diagnosis.stats import block_means, logged_number
from lossmon.numfmt import fmt
from lossmon.signals import CRITERION_LOSS, PROBE

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

LEAST = AT_PRIOR
MOST = Threshold(0.9, "of the prior's loss", "toy runs: only what has converged lies above it")
STATIONARY = Threshold(
    0.03, "of the prior's loss", "identity tau = loss - H(p) = 0 at any optimum; floors within 0.02"
)
WAY = Threshold(0.1, "", "toy runs: c 0.01-0.03 at floors, significant or not; 0.3 with tiny steps")
CREEP = Threshold(0.05, "of the prior's loss", "another run as long would bring as little")
BY_HEART = Threshold(0.1, "of the prior's loss", "labels learnt by heart lower it slowly")
RELATED = Threshold(0.1, "of the prior's loss", "with less, what is learnt by heart is no relation")
CREEP_BLOCKS = 8
HALF = 100
"""Losses that half of a run must have, to say what they brought."""
LEAST_RATIO = Threshold(1e-5, "of the weights", "below it nothing was tried: lr-too-low's limit")
THRESHOLDS = {
    "least": LEAST,
    "most": MOST,
    "stationary": STATIONARY,
    "way": WAY,
    "creep": CREEP,
    "least_ratio": LEAST_RATIO,
}
"""What a rule about floors compares with."""
FITTED = Threshold(1, "batch", "by definition: a model that learns noise by heart can do more")
OVERFIT = "overfit-batch"
PROBE_CALL = "mon.probe(batch)"
NEEDS = (
    "at the floor: label noise or a model that is too small; whether it can overfit one batch "
    f"decides: {PROBE_CALL}, or lossmon run --probe"
)


def off_floor(
    facts: Facts,
    *,
    least: float = LEAST.value,
    by_shape: bool = False,
    creep: float = CREEP.value,
) -> str:
    """Return why the run does not lie at a floor; "" where it does.

    `by_shape`: the model's shape says that there is a floor; then it need not be at an optimum,
    which may lie at infinite weights. `creep`: see `creeps`.
    """
    level, motion, trend = facts.level, facts.motion, facts.trend
    if trend.direction != "flat" and not creeps(facts, creep):
        return "the loss moves" if trend.direction != "unknown" else "the loss is too noisy to tell"
    if not least < level.explained < MOST.value:
        return f"the level, {100 * level.explained:.0f} % explained, is no floor"
    if motion.total_ratio < LEAST_RATIO.value:
        return "the weights hardly move"
    if by_shape:
        return ""
    if motion.agreement_z >= SIGNIFICANT.value and motion.agreement >= WAY.value:
        return "successive gradients agree: there is a way to go"
    if math.isfinite(level.tau) and abs(level.tau) > STATIONARY.value * level.prior:
        return "the predictions' entropy is not the loss: this is no optimum of it"
    return ""


def creeps(facts: Facts, most: float = CREEP.value) -> bool:
    """Return whether the loss still falls, but the second half of the run brought next to nothing.

    `most`: how much of the prior's loss counts as that. A rule that goes by this says what it says
    for information: the loss may fall for longer yet.
    """
    half = facts.losses[len(facts.losses) // 2 :]
    if facts.trend.direction != "falling" or len(half) < HALF or facts.loss_counts.max() > 1:
        return False
    means = block_means(half, CREEP_BLOCKS)
    return bool(means[0] - np.median(means[-3:]) < most * facts.level.prior)


def rests(facts: Facts) -> bool:
    """Return whether the loss stays where it is though steps are taken, or is lowered by heart.

    Gradients may agree: those of steps that swing about an optimum do.
    """
    if facts.trend.direction == "falling":
        return creeps(facts, BY_HEART.value)
    stays = facts.trend.change < CREEP.value * facts.level.prior
    return bool(stays and facts.motion.total_ratio >= LEAST_RATIO.value)


def judgeable(facts: Facts) -> Skipped | None:
    """Return why a floor cannot be judged; None where it can."""
    if not facts.level.is_known:
        return Skipped(facts.level.why_unknown)
    if not math.isfinite(facts.motion.agreement):
        return Skipped("hardly any steps in a row were sampled")
    return None


def probed(facts: Facts) -> tuple[bool, Mapping[str, Any]] | None:
    """Return whether the model could overfit one batch, and what was found; None where unknown."""
    detail = facts.probe(OVERFIT)
    if detail is None or not isinstance(detail.get("fitted"), bool):
        return None
    return bool(detail["fitted"]), detail


def tried(facts: Facts, detail: Mapping[str, Any]) -> Evidence:
    """Return what the probe found as evidence."""
    first, last, steps = (
        logged_number(detail.get(k)) for k in ("first_loss", "last_loss", "steps")
    )
    fitted = bool(detail["fitted"])
    word = "could" if fitted else "could not"
    reads = f"a copy of the model {word} overfit one batch: its loss went from {fmt(first, 3)} to "
    reads += f"{fmt(last, 3)} in {fmt(steps)} steps"
    begin, end = facts.sampled_window
    seen = float(fitted)
    return Evidence(PROBE, begin, end, seen, FITTED.value, reads, FITTED.source, "one batch")


def standing(
    facts: Facts, loss: float, steps: tuple[int, int], words: str = "the loss is flat at"
) -> Evidence:
    """Return as evidence at which loss a run stands, against that of a constant."""
    prior, (first, last) = facts.level.prior, steps
    reads = f"{words} {fmt(loss, 3)}, where a constant has {fmt(prior, 3)}"
    bound = fmt((1 - MOST.value) * prior, 3)
    tag, explained = CRITERION_LOSS.name, 1 - loss / prior
    return Evidence(tag, first, last, explained, MOST.value, reads, MOST.source, bound)
