"""How good is the loss? Measured against the loss of the best constant prediction.

E = 1 - loss/prior: 0 for a model that might as well not look at its inputs, 1 for a perfect one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon import signals
from lossmon.diagnosis.rule import Threshold

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

AT_PRIOR = Threshold(0.02, "of the prior's loss", "a constant prediction explains 0 by definition")
CONVERGED = Threshold(0.98, "of the prior's loss", "toy runs: memorised and converged end above it")
SAME_LOSS = 1e-3
"""Total and criterion loss nearer than this are one and the same: nothing was added."""


@dataclass(frozen=True, slots=True)
class Level:
    """Level of the window; NaN where the criterion is not known."""

    loss: float
    """Mean criterion loss of the window, without penalties."""
    prior: float
    """Loss of the best constant prediction."""
    explained: float
    """E."""
    entropy: float
    """Mean entropy of the predictions."""
    information: float
    """How much the prediction depends on the input, in nats."""

    @property
    def tau(self) -> float:
        """Loss less mean prediction entropy: 0 at an unregularised optimum of cross-entropy.

        The derivative of the loss with respect to the temperature of the logits.
        """
        return self.loss - self.entropy

    @property
    def is_known(self) -> bool:
        """Whether E could be computed."""
        return bool(np.isfinite(self.explained))


def level(facts: Facts) -> Level:
    """Return the level of the window."""
    totals = facts.run.totals
    nan = float("nan")
    if totals is None or not len(totals):
        return Level(nan, nan, nan, nan, nan)
    rows = facts.rows
    loss = _criterion_loss(facts)
    prior = _prior(facts)
    explained = 1 - loss / prior if prior > 0 else nan
    entropy = _mean(totals.column(signals.PREDICTION_ENTROPY, rows)[:, 0])
    information = _mean(totals.column(signals.PREDICTION_INFORMATION, rows)[:, 0])
    return Level(loss, prior, explained, entropy, information)


def _criterion_loss(facts: Facts) -> float:
    steps = facts.sampled_steps[facts.rows]
    criterion = facts.total(signals.CRITERION_LOSS, steps)
    if not np.isfinite(criterion).any():
        return float("nan")
    total = facts.loss_at(steps)
    both = np.isfinite(total) & np.isfinite(criterion)
    total, known = total[both], criterion[both]
    gaps = np.abs(total - known) / np.maximum(np.abs(known), 1e-12)
    if len(gaps) and np.median(gaps) < SAME_LOSS:
        # Then every step's loss counts, and not the sampled ones alone.
        return _mean(facts.window_losses)
    return _mean(criterion)


def _prior(facts: Facts) -> float:
    """Return the newest prior loss; label entropy corrected for its finite sample.

    A plug-in entropy is too low by (K - 1) / 2N on average (Miller 1955).
    """
    totals = facts.run.totals
    assert totals is not None
    prior = totals.column(signals.PRIOR_LOSS, facts.rows)[:, 0]
    known = np.flatnonzero(np.isfinite(prior))
    if not len(known):
        return float("nan")
    last = facts.rows[known[-1:]]
    classes = totals.column(signals.CLASS_COUNT, last)[0, 0]
    count = totals.column(signals.PRIOR_COUNT, last)[0, 0]
    value = float(prior[known[-1]])
    if np.isfinite(classes) and value <= np.log(classes) and count > classes:
        value = min(value + (classes - 1) / (2 * count), float(np.log(classes)))
    return value


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
