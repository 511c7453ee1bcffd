"""What others' rules say of the same logs, in our words: the first that fires names the cause.

    plateau     ReduceLROnPlateau (patience 10, threshold 1e-4) on means of 25 steps, and the rules
                of Amazon SageMaker Debugger with the defaults of its documentation.

A rule of theirs that names a symptom and no cause (LossNotDecreasing) is an alarm without a cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.stats import block_means
from lossmon.layersignals import DEAD_SHARE, SATURATED_SHARE
from lossmon.records import Run
from lossmon.signals import GRAD_NORM, UPDATE_NORM, VAL_LOSS, WEIGHT_NORM

SYMPTOM = "loss-not-decreasing"
BLOCK, PATIENCE, IMPROVED = 25, 10, 1e-4
STEPS_APART, LEAST_DROP = 10, 0.001


def plateau_rules(run: Run) -> list[str]:
    """Return what fires on a run, in the order in which the documentation lists the rules."""
    facts = Facts(run)
    with np.errstate(all="ignore"):
        return [name for rule in _RULES for name in rule(facts)]


def _vanishing(facts: Facts) -> Iterator[str]:
    """VanishingGradient: mean |g| of a tensor below 1e-7."""
    norms = facts.parameter(GRAD_NORM, facts.run_rows)
    sizes = np.array([p.numel for p in facts.parameters])
    # Of normal elements the mean absolute value is sqrt(2/pi) of the root mean square.
    means = np.sqrt(2 / np.pi) * norms / np.sqrt(np.maximum(sizes, 1)) if norms.size else norms
    if (means < 1e-7).any():
        yield "vanishing-gradient"


def _exploding(facts: Facts) -> Iterator[str]:
    """ExplodingTensor: anything that is not finite."""
    norms = facts.parameter(GRAD_NORM, facts.run_rows)
    if np.isinf(norms).any() or not np.isfinite(facts.losses).all():
        yield "nan-in-loss"


def _dead(facts: Facts) -> Iterator[str]:
    """DeadRelu: more than 50 % of the units."""
    if (facts.layers.column(DEAD_SHARE, facts.layers.spread) > 0.5).any():
        yield "dead-relu"


def _saturated(facts: Facts) -> Iterator[str]:
    """SaturatedActivation: more than 50 % of the units."""
    if (facts.layers.column(SATURATED_SHARE, facts.layers.spread) > 0.5).any():
        yield "saturated-activation"


def _updates(facts: Facts) -> Iterator[str]:
    """WeightUpdateRatio: outside 1e-8 to 10."""
    update = facts.parameter(UPDATE_NORM, facts.run_rows)
    ratios = update / (facts.parameter(WEIGHT_NORM, facts.run_rows) + 1e-9)
    if (ratios < 1e-8).any():
        yield "lr-too-low"
    if (ratios > 10).any():
        yield "lr-too-high"


def _overfit(facts: Facts) -> Iterator[str]:
    """Overfit: (val - train) / train above 0.1."""
    series = facts.run.scalar(VAL_LOSS)
    if series is None:
        return
    train = facts.loss_at(series.steps)
    if ((series.values - train) / train > 0.1).any():
        yield "overfitting"


def _not_decreasing(facts: Facts) -> Iterator[str]:
    """LossNotDecreasing: less than 0.1 % in 10 steps; or ReduceLROnPlateau's test."""
    losses = facts.losses
    drops = losses[STEPS_APART:] > losses[:-STEPS_APART] * (1 - LEAST_DROP)
    if drops.any() or _is_plateau(losses):
        yield SYMPTOM


def _is_plateau(losses: np.ndarray) -> bool:
    if len(losses) < 2 * BLOCK:
        return False
    best, bad = np.inf, 0
    for mean in block_means(losses, len(losses) // BLOCK):
        bad = 0 if mean < best * (1 - IMPROVED) else bad + 1
        best = min(best, mean)
        if bad > PATIENCE:
            return True
    return False


_RULES: tuple[Callable[[Facts], Iterator[str]], ...] = (
    _vanishing, _exploding, _dead, _saturated, _updates, _overfit, _not_decreasing,
)  # fmt: skip
