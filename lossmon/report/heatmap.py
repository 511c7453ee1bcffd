"""Layers over steps as 8-bit levels: the numbers of a heatmap, as a figure or a page needs them.

A level says "not measured", "zero" or "not finite", or stands for a magnitude on the metric's own
scale, which never depends on the run: the same colour is the same number in every picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.records import Floats, ParameterInfo, Run, Steps
from lossmon.report.overtime import (
    DEAD,
    GRAD,
    UPDATE,
    WEIGHT,
    Fold,
    Metric,
    carried,
    deepest,
    folds,
    over_time,
    steps_of,
)
from lossmon.report.xaxis import Ruler, Span

UNKNOWN, ZERO, BROKEN, LOWEST, HIGHEST = 0, 1, 2, 3, 255
"""Levels: not measured, exactly zero (of metrics with a log scale), not finite, and the ends of the
scale; what lies beyond the ends has their level."""
SCALES = {
    GRAD.name: (1e-8, 1e2),
    UPDATE.name: (1e-8, 1.0),
    WEIGHT.name: (1e-3, 1e3),
    DEAD.name: (0.0, 1.0),
}
COLUMNS = 800
ROWS = 60
"""Rows to which a model is folded where nobody asks otherwise, if that leaves `FEWEST` of them."""
MOST_ROWS = 240
"""Rows of one picture; a model that cannot be folded to so many is shown in parts."""
FEWEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A heatmap's numbers."""

    metric: Metric
    rows: tuple[Fold, ...]
    levels: NDArray[np.uint8]
    """Shape (rows, columns), the first row that of the first parameter."""
    view: Span
    """First and last place on the axis; columns are equally wide."""


def rows_of(
    parameters: Sequence[ParameterInfo], level: int | None = None, opened: Collection[str] = ()
) -> tuple[tuple[Fold, ...], int]:
    """Return the rows in the order of the parameters, and the level to which they are folded.

    `level` None: as the number of parameters asks. Those named in `opened` are folded less.
    """
    level = _fitting(parameters) if level is None else min(level, deepest(parameters))
    rows = folds(parameters, level)
    if opened:
        rows = tuple(part for row in rows for part in _opened(parameters, row, level, opened))
    return rows, level


def heat(
    run: Run,
    metric: Metric,
    rows: Sequence[Fold],
    *,
    view: Span,
    ruler: Ruler,
    columns: int = COLUMNS,
) -> Heat | None:
    """Return the heatmap of some rows, or None where nothing was sampled in view.

    A column shows the records that lie in it, one without any the last before it.
    """
    steps = steps_of(run, metric)
    values = columns_of(run, metric, rows, view=view, ruler=ruler, columns=columns)
    if not len(steps) or np.isnan(values).all():
        return None
    return Heat(metric, tuple(rows), levels(values, metric), view)


def columns_of(
    run: Run, metric: Metric, rows: Sequence[Fold], *, view: Span, ruler: Ruler, columns: int
) -> Floats:
    """Return shape (rows, columns): NaN before the first record, and after what the last covers."""
    steps = steps_of(run, metric)
    if not len(steps):
        return np.full((len(rows), columns), np.nan)
    width = max(view[1] - view[0], 1e-9)
    column = np.floor((ruler.place(steps) - view[0]) / width * columns).astype(np.int64)
    known = (column >= 0) & (column < columns)
    before = np.flatnonzero(column < 0)
    if len(before):  # what was last sampled before the view holds at its beginning
        column[before[-1]], known[before[-1]] = 0, True
    values = over_time(run, metric, rows, np.where(known, column, -1), columns)
    return carried(values, _covered(column, columns))


def levels(values: Floats, metric: Metric) -> NDArray[np.uint8]:
    """Return the level of each number."""
    low, high = SCALES[metric.name]
    if metric.log:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (np.log10(values) - np.log10(low)) / (np.log10(high) - np.log10(low))
    else:
        share = (values - low) / (high - low)
    span = HIGHEST - LOWEST
    found = np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0, 1) * span + LOWEST
    out = np.rint(found).astype(np.uint8)
    if metric.log:
        out[values == 0] = ZERO
    out[np.isinf(values)] = BROKEN
    out[np.isnan(values)] = UNKNOWN
    return np.asarray(out)


def value_of(level: int, metric: Metric) -> float:
    """Return the number that a level on the scale stands for."""
    low, high = SCALES[metric.name]
    share = (level - LOWEST) / (HIGHEST - LOWEST)
    return float(low * (high / low) ** share) if metric.log else low + (high - low) * share


def _fitting(parameters: Sequence[ParameterInfo]) -> int:
    """Return the least folding that leaves few rows, but not so few that nothing is told apart."""
    counts = [len(folds(parameters, level)) for level in range(deepest(parameters) + 1)]
    if counts[0] <= ROWS:
        return 0
    for most in (ROWS, MOST_ROWS, counts[0]):
        for level, count in enumerate(counts):
            if FEWEST <= count <= most:
                return level
    return 0


def _covered(column: Steps, columns: int) -> int:
    """Return the last column that the last record speaks for: as far as the one before it was."""
    last = int(column[-1])
    gap = int(np.diff(column[-8:]).max(initial=1))
    return min(max(last + gap, 0), columns - 1)


def _opened(
    parameters: Sequence[ParameterInfo], row: Fold, level: int, opened: Collection[str]
) -> Iterator[Fold]:
    if level == 0 or row.name not in opened:
        yield row
        return
    inside = [parameters[member] for member in row.members]
    for part in folds(inside, level - 1):
        members = tuple(row.members[at] for at in part.members)
        yield from _opened(parameters, Fold(part.name, members), level - 1, opened)
