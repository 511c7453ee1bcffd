"""What parameters measured over time, as a few columns of steps: the numbers of a heatmap.

What was not measured is NaN, what was not finite is inf; neither is ever averaged away. A folded
row stands for several parameters and shows the one that is worst off: the least gradient norm, the
least update ratio, the most dead units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.stats import median_of_columns, ratio
from lossmon.layersignals import DEAD_SHARE
from lossmon.records import Floats, ParameterInfo, Run, Steps, Table
from lossmon.signals import (
    GRAD_NONFINITE,
    GRAD_NORM,
    UPDATE_NORM,
    WEIGHT_NONFINITE,
    WEIGHT_NORM,
    Signal,
)

_MOST = 24
"""Records behind one number: a median of more of them tells no more."""
_AT_ONCE = 1 << 20
"""Numbers held at once: 8 MB, whatever the length of the run and the size of the model."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A quantity of a parameter, or of the layer that owns it."""

    name: str
    short: str
    label: str
    log: bool = True
    """Whether it is told apart by its magnitude."""
    worst_is_low: bool = True
    decades: int = 4
    """Powers of ten that a scale spans at least: a change by less is none."""


GRAD = Metric("grad", "GRAD‖·‖", "grad norm")
UPDATE = Metric("update", "UPD/W", "update ratio")
WEIGHT = Metric("weight", "‖W‖", "weight norm", decades=2)
DEAD = Metric("dead", "DEAD", "dead units", log=False, worst_is_low=False)
METRICS = (GRAD, UPDATE, WEIGHT, DEAD)


@dataclass(frozen=True, slots=True)
class Fold:
    """A row: one parameter, or all those of a module."""

    name: str
    members: tuple[int, ...]
    """Rows of the parameter table."""


def folds(parameters: Sequence[ParameterInfo], level: int) -> tuple[Fold, ...]:
    """Return the rows in the order of the parameters.

    Level 0: every parameter; 1: its module; 2: the module that holds that one; and so on, as long
    as there is one.
    """
    rows: dict[str, list[int]] = {}
    for row, info in enumerate(parameters):
        parts = info.name.split(".")
        kept = parts[: max(len(parts) - level, 1)]
        rows.setdefault(".".join(kept), []).append(row)
    return tuple(Fold(name, tuple(members)) for name, members in rows.items())


def deepest(parameters: Sequence[ParameterInfo]) -> int:
    """Return the level beyond which folding changes nothing."""
    return max((info.name.count(".") for info in parameters), default=0)


def steps_of(run: Run, metric: Metric) -> Steps:
    """Return the steps at which the metric was sampled."""
    table = _table(run, metric)
    return np.zeros(0, np.int64) if table is None else table.steps


def history(run: Run, metric: Metric, fold: Fold) -> tuple[Steps, Floats, Floats]:
    """Return steps, wall times and values of one row at every sampled step that has one."""
    table = _table(run, metric)
    if table is None:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    alone = replace(fold, members=tuple(range(len(fold.members))))
    values = _worst(_rows(run, table, metric, fold.members), metric, [alone])[:, 0]
    known = ~np.isnan(values)
    return table.steps[known], table.wall_times[known], values[known]


def over_time(
    run: Run,
    metric: Metric,
    rows: Sequence[Fold],
    column: NDArray[np.int64],
    columns: int,
    *,
    first: int = 0,
) -> Floats:
    """Return shape (rows, columns): the median of the records that lie in each column.

    `column`: of every sampled step, ascending; -1 for none. Columns before `first` are left NaN:
    what a caller knows already.
    """
    table = _table(run, metric)
    out = np.full((len(rows), columns), np.nan)
    if table is None or not len(table) or not rows:
        return out
    records, place, slot = _chosen(column, max(first, 0))
    needed, rows = _only(rows)
    for part in _parts(place, table.values.shape[1]):
        numbers, group = np.unique(place[part], return_inverse=True)
        values = _values(run, table, metric, records[part])[:, needed]
        grid = np.full((int(slot[part].max()) + 1, len(numbers), values.shape[1]), np.nan)
        grid[slot[part], group] = values
        out[:, numbers] = _worst(_middle(grid), metric, rows).T
    _mark_broken(table, metric, needed, rows, column, out, first)
    return out


def _only(rows: Sequence[Fold]) -> tuple[Steps, tuple[Fold, ...]]:
    """Return the parameters that the rows stand for, and the rows as places among these."""
    needed = np.unique([member for row in rows for member in row.members])
    places = (np.searchsorted(needed, row.members) for row in rows)
    return needed, tuple(
        Fold(row.name, tuple(place.tolist())) for row, place in zip(rows, places, strict=True)
    )


def _chosen(column: NDArray[np.int64], first: int) -> tuple[Steps, Steps, Steps]:
    """Return records, their columns, and their numbers within these: at most `_MOST` of each."""
    inside = np.flatnonzero(column >= first)
    place = column[inside]
    _, starts, counts = np.unique(place, return_index=True, return_counts=True)
    rank = np.arange(len(place)) - np.repeat(starts, counts)
    stride = np.repeat(-(-counts // _MOST), counts)
    kept = rank % stride == 0
    return inside[kept], place[kept], (rank // stride)[kept]


def _parts(place: Steps, width: int) -> Iterator[slice]:
    """Yield slices of whole columns that hold at most about `_AT_ONCE` numbers each."""
    borders = np.flatnonzero(np.diff(place, prepend=-1))
    room, start = max(_AT_ONCE // max(width * _MOST, 1), 1), 0
    for border in [*borders[room::room].tolist(), len(place)]:
        if border > start:
            yield slice(start, border)
        start = border


def _middle(grid: Floats) -> Floats:
    """Return the median over the first axis; inf where one of the values is."""
    if len(grid) == 1:
        return np.asarray(grid[0])
    middle = median_of_columns(grid.reshape(len(grid), -1)).reshape(grid.shape[1:])
    middle[np.isinf(grid).any(axis=0)] = np.inf
    return np.asarray(middle)


def carried(values: Floats, last: int) -> Floats:
    """Return the columns with those that have no record filled by the one before, up to `last`."""
    filled: Floats = values.copy()
    for number in range(1, last + 1):
        empty = np.isnan(filled[:, number])
        filled[empty, number] = filled[empty, number - 1]
    return filled


def _table(run: Run, metric: Metric) -> Table | None:
    table = run.layers if metric is DEAD else run.parameters
    return None if table is None or not table.values.shape[1] else table


def _values(run: Run, table: Table, metric: Metric, records: Steps) -> Floats:
    """Return shape (records, parameters); inf where a value is not finite."""
    if metric is DEAD:
        return _owned(run, table, lambda signal: table.column(signal, records), None)
    return _measured(metric, lambda signal: table.column(signal, records))


def _rows(run: Run, table: Table, metric: Metric, rows: Sequence[int]) -> Floats:
    """Return shape (n, rows), every record of a few parameters."""
    if metric is DEAD:
        return _owned(run, table, table.column, rows)
    return _measured(metric, lambda signal: table.of_rows(signal, rows))


def _measured(metric: Metric, column: Callable[[Signal], Floats]) -> Floats:
    broken = column(_broken(metric)) > 0
    values = column(GRAD_NORM if metric is GRAD else WEIGHT_NORM)
    if metric is UPDATE:
        values = ratio(column(UPDATE_NORM), values)
    return np.where((~np.isfinite(values) & broken) | np.isinf(values), np.inf, values)


def _owned(
    run: Run, table: Table, column: Callable[[Signal], Floats], rows: Sequence[int] | None
) -> Floats:
    """Return what the layers of parameters measured, of all of them or of some."""
    owners = _owners(run, table.values.shape[1])
    owners = owners if rows is None else owners[list(rows)]
    return np.where(owners >= 0, column(DEAD_SHARE)[:, np.maximum(owners, 0)], np.nan)


def _broken(metric: Metric) -> Signal:
    return GRAD_NONFINITE if metric is GRAD else WEIGHT_NONFINITE


def _owners(run: Run, rows: int) -> Steps:
    """Return of every parameter the row of the layer that owns it, -1 for none."""
    meta = run.meta
    assert meta is not None
    places = {info.name: row for row, info in enumerate(meta.layers[:rows])}
    return np.array([places.get(p.name.rpartition(".")[0], -1) for p in meta.parameters], np.int64)


def _worst(values: Floats, metric: Metric, rows: Sequence[Fold]) -> Floats:
    """Return shape (records, rows); what is not finite is worse than anything."""
    order = np.array([member for row in rows for member in row.members], np.int64)
    starts = np.cumsum([0, *(len(row.members) for row in rows[:-1])])
    members = values[:, order]
    pick = np.fmin if metric.worst_is_low else np.fmax
    out = pick.reduceat(members, starts, axis=1)
    out[np.logical_or.reduceat(np.isinf(members), starts, axis=1)] = np.inf
    return np.asarray(out)


def _mark_broken(
    table: Table,
    metric: Metric,
    needed: Steps,
    rows: Sequence[Fold],
    column: NDArray[np.int64],
    out: Floats,
    first: int,
) -> None:
    """Mark columns with a record that is not finite, also one that no median has seen."""
    wanted = np.flatnonzero(column >= max(first, 0))
    if metric is DEAD or not np.bincount(column[wanted], minlength=1).max() > _MOST:
        return
    stride = max(_AT_ONCE // max(table.values.shape[1], 1), 1)
    for start in range(0, len(wanted), stride):
        records = wanted[start : start + stride]
        broken = table.column(_broken(metric), records)[:, needed] > 0
        for place, row in enumerate(rows if broken.any() else ()):
            seen = broken[:, list(row.members)].any(axis=1)
            out[place, column[records[seen]]] = np.inf
