"""How the parameters move: update ratios, how far gradients agree, and how far updates reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import median_of_columns, ratio, root_sum_squares, z_score

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]

SIGNIFICANT = Threshold(3.0, "standard errors", "Pflug's test of stationarity at the usual 3 sigma")


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion over the window; NaN where it was not sampled."""

    ratios: Floats
    """Median update ratio of every parameter, shape (parameters,)."""
    total_ratio: float
    """Median of ‖Δw‖/‖w‖ over all held parameters."""
    agreement: float
    """c = mean<g_t, g_t-1> / mean‖g‖²: with independent batches and small steps 1/(1 + B_simple/B)
    (McCandlish et al. 2018, section 2.2: the noise scale)."""
    agreement_z: float
    """c in standard errors: how surely the gradient is more than noise."""
    pairs: int
    """How many pairs of steps in a row are behind c."""
    update_cosine: float
    """Mean cosine between one step's update and the last one's."""
    reach: float | None
    """Sum over the window of ‖g‖‖Δw‖: no first-order change of the loss can be larger."""


def motion(facts: Facts) -> Motion:
    """Return the motion of the window."""
    nan = float("nan")
    rows = facts.rows
    if facts.table is None or not len(rows):
        return Motion(np.full(len(facts.parameters), nan), nan, nan, 0.0, 0, nan, None)
    update = facts.parameter(signals.UPDATE_NORM, rows)
    weight = facts.parameter(signals.WEIGHT_NORM, rows)
    ratios = ratio(update, weight)
    held = facts.held if facts.held.any() else facts.trainable
    agreed, z, pairs = agreement(facts, rows)
    return Motion(
        ratios=median_of_columns(ratios),
        total_ratio=_total_ratio(update[:, held], weight[:, held]),
        agreement=agreed,
        agreement_z=z,
        pairs=pairs,
        update_cosine=_cosine(facts, rows, update),
        reach=_reach(facts, rows, update),
    )


def memory(facts: Facts, *, unknown: float) -> float:
    """Return the largest momentum, or first beta, of the optimizers; `unknown` where none has one.

    So much of an update is in the next one as well, whatever the gradients are.
    """
    options = [group.options for group in facts.groups]
    betas = [o["betas"] for o in options if isinstance(o.get("betas"), list | tuple)]
    held = [o.get("momentum") for o in options] + [b[0] for b in betas if b]
    return max((float(m) for m in held if isinstance(m, int | float)), default=unknown)


def _total_ratio(update: Floats, weight: Floats) -> float:
    measured = np.where(np.isnan(update), np.nan, weight)
    per_step = ratio(root_sum_squares(update), root_sum_squares(measured))
    per_step = per_step[np.isfinite(per_step)]
    return float(np.median(per_step)) if len(per_step) else float("nan")


def agreement(facts: Facts, rows: NDArray[np.int64]) -> tuple[float, float, int]:
    """Return c over some of the sampled records, c in standard errors, and the pairs behind it."""
    dots = facts.parameter(signals.GRAD_DOT_PREV, rows)
    squares = np.square(facts.parameter(signals.GRAD_SAMPLED_NORM, rows))
    paired = np.isfinite(dots).any(axis=1)
    pairs = int(paired.sum())
    if pairs < 3:
        return float("nan"), 0.0, pairs
    dot = np.nansum(dots[paired], axis=1)
    square = float(np.nansum(squares[paired], axis=1).mean())
    if not np.isfinite(square) or square <= 0:
        return float("nan"), 0.0, pairs
    return float(dot.mean() / square), z_score(dot), pairs


def _cosine(facts: Facts, rows: NDArray[np.int64], update: Floats) -> float:
    dots = facts.parameter(signals.UPDATE_DOT_PREV, rows)
    steps = facts.sampled_steps[rows]
    neighbours = np.flatnonzero(np.diff(steps) == 1) + 1
    neighbours = neighbours[np.isfinite(dots[neighbours]).any(axis=1)]
    if not len(neighbours):
        return float("nan")
    norms = root_sum_squares(update)
    product = norms[neighbours] * norms[neighbours - 1]
    dot = np.nansum(dots[neighbours], axis=1)
    cosine = ratio(dot, product)
    cosine = cosine[np.isfinite(cosine)]
    return float(cosine.mean()) if len(cosine) else float("nan")


def _reach(facts: Facts, rows: NDArray[np.int64], update: Floats) -> float | None:
    clipped = facts.parameter(signals.GRAD_NORM, rows)
    # What is left of a clipped gradient is not the slope of the loss.
    gradient = np.fmax(clipped, facts.parameter(signals.UNCLIPPED_NORM, rows))
    unseen = facts.moves.any() and not np.nansum(update)
    if not np.isfinite(gradient).any() or unseen:
        # What moves the weights is no optimizer's step.
        return None
    moved = np.where(np.isfinite(update), update, 0.0)
    pushed = np.where(np.isfinite(gradient), gradient, 0.0)
    per_step = root_sum_squares(moved) * root_sum_squares(pushed)
    per_step = per_step[np.isfinite(update).any(axis=1)]
    first, last = facts.window
    return float(per_step.mean() * (last - first + 1)) if len(per_step) else None
