"""What rules share, computed once per evaluation and only when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis.gains import Gains, first_gains
from lossmon.diagnosis.level import Level, level
from lossmon.diagnosis.motion import Motion, motion
from lossmon.diagnosis.recorded import EARLY_ROWS as EARLY_ROWS
from lossmon.diagnosis.recorded import Recorded
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import filled, nan_range, ratio, root_sum_squares
from lossmon.diagnosis.trend import Trend, trend

Floats = NDArray[np.float64]

SAME_NORM = 1e-5
"""Norms nearer than this, relatively, are equal."""
RECOVERY = Threshold(0.1, "of the loss", "above the untrained loss only a clear fall is progress")


@dataclass(frozen=True)
class Facts(Recorded):
    """A run, seen by the rules."""

    @cached_property
    def trend(self) -> Trend:
        """Where the loss of the window is going."""
        finite = self.window_losses[np.isfinite(self.window_losses)]
        scale = float(np.abs(finite).mean()) if len(finite) else float("nan")
        if np.isfinite(self.constant_loss):
            scale = max(scale, self.constant_loss)
        return trend(self.window_losses, scale=scale, reach=self.motion.reach)

    @cached_property
    def constant_loss(self) -> float:
        """The prior, as the loss would be recorded of it; NaN where it is not known.

        A criterion that sums may be divided before it is recorded as the loss.
        """
        finite = np.abs(self.window_losses[np.isfinite(self.window_losses)])
        recorded = float(finite.mean()) if len(finite) else self.level.loss
        return self.level.prior * min(1.0, recorded / max(self.level.loss, 1e-30))

    @property
    def is_improving(self) -> bool:
        """Whether the loss falls by more than the floor over the window.

        A loss that was thrown up, and is still above that of the untrained model, has to fall by a
        tenth: noise about a high level is no progress.
        """
        if self.trend.direction != "falling":
            return False
        recent = self.window_losses[-max(1, len(self.window_losses) // 10) :]
        below = not float(np.median(recent)) > self.first_loss
        return below or -self.trend.relative > RECOVERY.value

    # -- who is who --------------------------------------------------------------------------

    def names(self, mask: NDArray[np.bool_]) -> tuple[str, ...]:
        """Return the names of the parameters where `mask` holds, in model order."""
        return tuple(p.name for p, hit in zip(self.parameters, mask, strict=True) if hit)

    def seen_since(self, step: int) -> int:
        """Return the first sampled step from `step` on; the last one where there is none."""
        at = int(np.searchsorted(self.sampled_steps, step))
        return int(self.sampled_steps[min(at, len(self.sampled_steps) - 1)])

    def arrival(self, step: int, which: str) -> str:
        """Return half a sentence on parameters that came while the run trained; "" for others."""
        seen = f"; {which} were first seen in the model at step {step}"
        return seen if step > self.first_step else ""

    @cached_property
    def trainable(self) -> NDArray[np.bool_]:
        """Which parameters require a gradient."""
        return np.array([p.requires_grad for p in self.parameters], bool)

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """Which parameters require a gradient and are in an optimizer."""
        in_group = np.array([p.group >= 0 for p in self.parameters], bool)
        return np.asarray(self.trainable & in_group)

    @cached_property
    def matrices(self) -> NDArray[np.bool_]:
        """Which held parameters are weight matrices: two dimensions or more."""
        wide = np.array([len(p.shape) >= 2 for p in self.parameters], bool)
        return np.asarray(self.held & wide)

    @cached_property
    def arrived(self) -> Floats:
        """Per parameter, the mean share of backward passes that brought a gradient, whole run."""
        values = self.parameter(signals.GRAD_ARRIVED, self.run_rows)
        known = np.isfinite(values)
        counts = known.sum(axis=0)
        sums = np.where(known, values, 0.0).sum(axis=0)
        return ratio(sums, counts)

    @cached_property
    def moves(self) -> NDArray[np.bool_]:
        """Which parameters changed, by a step or by other means between steps.

        Also those that were not looked at twice: nobody knows that they stand still.
        """
        updates = self.parameter(signals.UPDATE_NORM, self.run_rows)
        norms = self.parameter(signals.WEIGHT_NORM, self.run_rows)
        low, high = nan_range(norms)
        # Sums of the same weights differ by rounding, by where they lie in memory.
        moved = (high - low > SAME_NORM * high) | (updates > 0).any(axis=0)
        known = np.isfinite(norms)
        if not known.all():
            broken = self.parameter(signals.WEIGHT_NONFINITE, self.run_rows)
            moved |= ((broken > 0) | np.isinf(norms)).any(axis=0)
        seen = (known | np.isfinite(updates)).sum(axis=0)
        return np.asarray(moved | (seen < 2))

    @cached_property
    def weight_norms(self) -> Floats:
        """‖w‖ over all held parameters, one value per record of `run_rows`.

        A parameter that a record does not measure has the norm that it had last. NaN before each
        of those that are ever measured has been.
        """
        norms = self.parameter(signals.WEIGHT_NORM, self.run_rows)[:, self.held]
        norms = norms[:, np.isfinite(norms).any(axis=0)]
        if not norms.shape[1]:
            return np.full(len(norms), np.nan)
        return np.asarray(np.linalg.norm(filled(norms), axis=1))

    # -- level and motion ----------------------------------------------------------------------

    @cached_property
    def level(self) -> Level:
        """How much of the prior's loss is explained."""
        return level(self)

    @cached_property
    def gains(self) -> Gains | str:
        """By how much each layer multiplied before the first step, or why that is not known."""
        return first_gains(self)

    @cached_property
    def motion(self) -> Motion:
        """How the parameters move."""
        return motion(self)

    @cached_property
    def update_ratios(self) -> Floats:
        """‖Δw‖/‖w‖ over all held parameters, one value per record of `run_rows`."""
        held = self.held if self.held.any() else self.trainable
        update = self.parameter(signals.UPDATE_NORM, self.run_rows)[:, held]
        weight = self.parameter(signals.WEIGHT_NORM, self.run_rows)[:, held]
        weight = np.where(np.isnan(update), np.nan, weight)
        return ratio(root_sum_squares(update), root_sum_squares(weight))
