"""How good is the loss? Measured against the loss of the best constant prediction.

E = 1 - loss/prior: 0 for a model that might as well not look at its inputs, 1 for a perfect one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.sampling import early_and_spread
from lossmon.diagnosis.stats import block_means, finite_mean
from lossmon.diagnosis.trend import BLOCKS
from lossmon.records import Table

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

AT_PRIOR = Threshold(0.02, "of the prior's loss", "a constant prediction explains 0 by definition")
BY_CHANCE = Threshold(0.05, "of the prior's loss", "calibration: what heavy tails leave at most")
NEARLY = Threshold(0.9, "of the prior's loss", "toy runs: nothing but floors lies above it")
CONVERGED = Threshold(0.98, "of the prior's loss", "toy runs: memorised and converged end above it")
SAME_LOSS = 1e-3
"""Total and criterion loss nearer than this are one and the same: nothing was added."""
ALIKE = Threshold(1e-9, "of the loss", "rounding: the targets do not differ, none of them")
FEW = 20
"""With fewer criterion losses in the window the loss of every step is used to infer them."""


@dataclass(frozen=True, slots=True)
class Level:
    """Level of the window; NaN where the criterion is not known."""

    loss: float
    """Typical criterion loss of the window, without penalties."""
    prior: float
    """Loss of the best constant prediction."""
    explained: float
    """E."""
    entropy: float
    """Mean entropy of the predictions."""
    information: float
    """How much the prediction depends on the input, in nats."""
    tau: float
    """Mean of loss less prediction entropy of the same step: the derivative of the loss with
    respect to the temperature of the logits, 0 at an unregularised optimum of cross-entropy."""
    alike: bool = False
    """Whether all targets are alike: a constant is then always right, and no level is known."""

    @property
    def is_known(self) -> bool:
        """Whether E could be computed."""
        return bool(np.isfinite(self.explained))

    @property
    def why_unknown(self) -> str:
        """Why E could not be computed."""
        if self.alike:
            return "all targets are alike, so no level is known"
        if np.isfinite(self.prior):
            return "the criterion's loss is not known in the window"
        return "the loss of a constant prediction is not known for this criterion"


def seems_explained(facts: Facts) -> float:
    """Return which share of the prior's loss may seem explained by chance where nothing is.

    `AT_PRIOR` and two standard errors of the window's mean loss, `BY_CHANCE` at most.
    """
    losses = facts.window_losses[np.isfinite(facts.window_losses)]
    if not len(losses):
        return AT_PRIOR.value
    error = float(losses.std() / np.sqrt(len(losses))) / facts.level.prior
    return min(AT_PRIOR.value + 2 * error, BY_CHANCE.value)


def level(facts: Facts) -> Level:
    """Return the level of the window."""
    totals = facts.run.totals
    nan = float("nan")
    if totals is None or not len(totals):
        return Level(nan, nan, nan, nan, nan, nan)
    rows = facts.total_rows
    steps = facts.total_steps[rows]
    criterion = totals.column(signals.CRITERION_LOSS, rows)[:, 0]
    loss = _criterion_loss(facts, steps, criterion)
    prior, alike = _prior(totals, rows, loss)
    explained = 1 - loss / prior if prior > 0 else nan
    entropies = totals.column(signals.PREDICTION_ENTROPY, rows)[:, 0]
    information = finite_mean(totals.column(signals.PREDICTION_INFORMATION, rows)[:, 0])
    tau = finite_mean(criterion - entropies)
    return Level(loss, prior, explained, finite_mean(entropies), information, tau, alike)


def _criterion_loss(facts: Facts, steps: Steps, criterion: Floats) -> float:
    """Return the criterion's loss over the window.

    Where the window was sampled too seldom, from the loss of every step there, less what the loop
    added to the criterion, or divided it by, in the newest samples.
    """
    total = facts.loss_at(steps)
    both = np.isfinite(total) & np.isfinite(criterion)
    if not both.any():
        return finite_mean(criterion)
    added = total[both] - criterion[both]
    window = _typical(facts.window_losses) if facts.is_loss_current else float("nan")
    if np.isnan(window):
        return _typical(criterion)
    if np.median(np.abs(added)) < SAME_LOSS * np.median(np.abs(criterion[both])):
        return window
    inside = criterion[both & (steps >= facts.window[0])]
    if len(inside) >= FEW:
        return _typical(inside)
    newest = float(np.median(added[-FEW // 4 :]))
    if newest > 0:
        return max(window - newest, 0.0) if criterion[both].min() >= 0 else window - newest
    # Less than the criterion's: divided, by the number of accumulated passes as a rule.
    divided = finite_mean(total[both])
    return window * finite_mean(criterion[both]) / divided if divided else _typical(inside)


def _prior(totals: Table, rows: Steps, loss: float) -> tuple[float, bool]:
    """Return the newest prior loss, and whether there is none because all targets are alike.

    A plug-in entropy is too low by (K - 1) / 2N on average (Miller 1955), and corrected for it.
    """
    known = _known(totals, rows)
    if not len(known):
        # It is over all targets so far, and does not change much any more.
        known = _known(totals, early_and_spread(len(totals)))
    if not len(known):
        return float("nan"), False
    value, classes, count = (
        float(totals.column(signal, known[-1:])[0, 0])
        for signal in (signals.PRIOR_LOSS, signals.CLASS_COUNT, signals.PRIOR_COUNT)
    )
    if value <= ALIKE.value * abs(np.nan_to_num(loss)):
        return float("nan"), True
    if np.isfinite(classes) and classes > 1 and value <= np.log(classes) and count > classes:
        value = min(value + (classes - 1) / (2 * count), float(np.log(classes)))
    return value, False


def _known(totals: Table, rows: Steps) -> Steps:
    """Return those of the rows in which the prior loss was measured."""
    return rows[np.isfinite(totals.column(signals.PRIOR_LOSS, rows)[:, 0])]


def _typical(values: Floats) -> float:
    """Return the median of block means: the level where it lasts, whatever peaks lie before it."""
    finite = values[np.isfinite(values)]
    blocks = min(BLOCKS, len(finite) // 5)
    return float(np.median(block_means(finite, blocks))) if blocks > 1 else finite_mean(finite)
