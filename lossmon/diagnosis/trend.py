"""Does the loss move? Theil-Sen over block means, with a floor of practical significance.

Measured on 512 windows of 500 steps (improving > 2 %, flat < 0.2 %): 6 % false alarms, 97 % hits,
where the rules in use elsewhere have 33-100 % false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import block_means, change_error, theil_sen

Floats = NDArray[np.float64]

BLOCKS = 20
MIN_POINTS = 20
"""Fewer losses than this and nothing is said about their trend."""
SURE_POINTS = 100
"""Below this many losses a flat-looking trend counts as unknown unless its error is small too."""
FLOOR = Threshold(0.01, "of the loss", "plateau shoot-out: Theil-Sen total drop below 1 %")
ERRORS = Threshold(1.5, "standard errors", "7 % of flat windows, by the normal distribution")

Direction = Literal["falling", "flat", "rising", "unknown"]


@dataclass(frozen=True, slots=True)
class Trend:
    """Where the loss of a window is going."""

    direction: Direction
    change: float
    """Change over the whole window along the fitted line; NaN where unknown."""
    scale: float
    """What the change is measured against: the loss, or the prior where that is larger."""
    error: float = float("nan")
    """Standard error of the change."""

    @property
    def is_noisy(self) -> bool:
        """Whether a change that would matter could hide in the noise."""
        return max(abs(self.change), self.error) > FLOOR.value * self.scale

    @property
    def is_within_noise(self) -> bool:
        """Whether noise alone may have brought about the change."""
        return not abs(self.change) > ERRORS.value * self.error

    @property
    def relative(self) -> float:
        """Change as a share of the scale."""
        return self.change / self.scale if self.scale else 0.0


def trend(losses: Floats, *, scale: float, reach: float | None = None) -> Trend:
    """Return the trend of a window of losses.

    Args:
        losses: Shape (n,), one per step; non-finite ones are left out of their block.
        scale: Positive; a change below 1 % of it is none.
        reach: Largest change that the recorded updates could have made to first order,
            sum ‖g‖‖Δw‖; a fall beyond it is noise. None where it is not known.
    """
    finite = int(np.isfinite(losses).sum())
    if finite < MIN_POINTS or not np.isfinite(scale):
        return Trend("unknown", float("nan"), scale)
    means = block_means(losses, min(BLOCKS, finite // 5))
    means = means[np.isfinite(means)]
    if len(means) < 4:
        return Trend("unknown", float("nan"), scale)
    change = theil_sen(means) * (len(means) - 1)
    error = change_error(means)
    floor = FLOOR.value * scale
    fitted = Trend("flat", change, scale, error)
    moved = abs(change) > floor and not fitted.is_within_noise
    if moved and change < 0 and (reach is None or reach > floor):
        return Trend("falling", change, scale, error)
    if moved and change > 0:
        return Trend("rising", change, scale, error)
    if finite < SURE_POINTS and error > floor:
        return Trend("unknown", change, scale, error)
    return fitted
