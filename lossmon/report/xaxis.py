"""Where a step lies on the horizontal axis of a figure: at itself, or at the time it was taken.

Times ascend with steps, whatever a clock did meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from lossmon.records import Floats, Series

Across = Literal["step", "relative", "wall"]
"""step; relative: seconds since the run's first point; wall: milliseconds since 1970."""
ACROSS: tuple[Across, ...] = get_args(Across)
_KNOTS = 256
Span = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """A mapping from steps to the axis, and back; the identity without knots."""

    steps: Floats
    places: Floats

    def place(self, steps: ArrayLike) -> Floats:
        """Return where steps lie; those outside of the series at its ends."""
        wanted = np.asarray(steps, np.float64)
        return np.interp(wanted, self.steps, self.places) if len(self.steps) else wanted

    def step(self, places: ArrayLike) -> Floats:
        """Return the steps that lie at these places, fractions included."""
        wanted = np.asarray(places, np.float64)
        return np.interp(wanted, self.places, self.steps) if len(self.steps) else wanted

    def spans(self, steps: Sequence[Span]) -> list[Span]:
        """Return first and last place of each stretch of steps."""
        placed = self.place(np.array(steps, np.float64).reshape(-1, 2))
        return [(float(a), float(b)) for a, b in placed]

    def knots(self) -> tuple[list[float], list[float]] | None:
        """Return steps and places from which a page can interpolate; None for the identity."""
        if not len(self.steps):
            return None
        kept = np.unique(np.linspace(0, len(self.steps) - 1, _KNOTS).astype(int))
        return self.steps[kept].tolist(), self.places[kept].tolist()


IDENTITY = Ruler(np.zeros(0), np.zeros(0))


def ruler(series: Series, across: Across) -> Ruler:
    """Return the ruler of a series with at least one point."""
    if across == "step":
        return IDENTITY
    walls = np.maximum.accumulate(np.where(np.isfinite(series.wall_times), series.wall_times, 0.0))
    places = walls * 1000 if across == "wall" else walls - walls[0]
    return Ruler(series.steps.astype(np.float64), places)
