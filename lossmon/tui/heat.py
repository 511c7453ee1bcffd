"""Layers over time as cells: a character and a colour for each magnitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossmon.numfmt import fmt
from lossmon.records import Floats, Run, Steps
from lossmon.report.overtime import Fold, Metric, carried, over_time
from lossmon.tui.braille import columns_of
from lossmon.tui.raster import BAD_SIGN, HEAT, Cells, Ink, Paper, blank
from lossmon.tui.scale import Axis

SHADES = "·░▒▓█"
LEVELS = 10
"""Colours; two to a shade."""
_MOST_DECADES = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """What the lowest and the highest colour stand for; exponents of ten where `log`."""

    low: float
    high: float
    log: bool

    def levels(self, values: Floats) -> Floats:
        """Return 0 to `LEVELS` - 1 for each value; NaN stays NaN, inf becomes the highest."""
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log10(np.maximum(values, 1e-300))
        share = (values - self.low) / (self.high - self.low)
        return np.asarray(np.clip(np.floor(share * LEVELS), 0, LEVELS - 1))

    def label(self, share: float) -> str:
        """Return the value at a share of the scale."""
        value = self.low + share * (self.high - self.low)
        return f"1e{value:.0f}" if self.log else f"{fmt(100 * value, 3)}%"


def scale_of(values: Floats, metric: Metric, before: Scale | None) -> Scale:
    """Return the scale for values; the one in use is kept while they fit."""
    if not metric.log:
        return Scale(0.0, 1.0, False)
    known = np.log10(values[np.isfinite(values) & (values > 1e-45)])
    if not len(known):
        return before or Scale(-metric.decades, 0, True)
    low, high = math.floor(known.min()), math.ceil(known.max())
    if before is not None and before.log and before.low <= low and high <= before.high:
        return before
    low = max(low, high - _MOST_DECADES)
    return Scale(min(low, high - metric.decades), high, True)


class Memory:
    """The columns that were computed last: of a run that grows only the newest change."""

    def __init__(self) -> None:
        self._key: object = None
        self._metric: Metric | None = None
        self._values: Floats = np.zeros((0, 0))
        self._steps: Steps = np.zeros(0, np.int64)
        self.scale: Scale | None = None

    def values(
        self,
        run: Run,
        metric: Metric,
        rows: Sequence[Fold],
        steps: Steps,
        places: Floats,
        axis: Axis,
        columns: int,
    ) -> Floats:
        """Return shape (rows, columns); `places`: where on the axis the sampled steps lie."""
        column = columns_of(places, axis, columns)
        key = (run.name, metric, tuple(rows), axis, columns)
        known = len(self._steps)
        goes_on = 0 < known <= len(steps) and steps[known - 1] == self._steps[-1]
        first = int(column[known - 1]) if key == self._key and goes_on else 0
        values = over_time(run, metric, rows, column, columns, first=max(first, 0))
        if first > 0:
            values[:, :first] = self._values[:, :first]
        self.scale = self.scale if metric == self._metric else None
        self._key, self._metric, self._values, self._steps = key, metric, values, steps
        filled = carried(values, int(column.max(initial=0)))
        self.scale = scale_of(filled, metric, self.scale)
        return filled


def heat_cells(values: Floats, scale: Scale, chosen: int, cursor: int | None) -> Cells:
    """Return a cell for each value; the column of the cursor and the chosen row stand out."""
    cells = blank(*values.shape)
    level = scale.levels(np.where(np.isinf(values), np.nan, values))
    known = ~np.isnan(level)
    shades = np.array([ord(shade) for shade in SHADES], np.uint32)
    cells.chars[known] = shades[level[known].astype(np.int64) // 2]
    cells.ink[known] = HEAT + level[known].astype(np.uint8)
    cells.chars[np.isinf(values)] = ord(BAD_SIGN)
    cells.ink[np.isinf(values)] = Ink.BAD
    if 0 <= chosen < len(values):
        cells.paper[chosen, :] = Paper.CHOSEN
    if cursor is not None:
        cells.paper[:, cursor] = Paper.CURSOR
    return cells
