"""The parameters of a run as they were last sampled, worst first.

What was not measured is a dash, never a zero; a gradient that is not finite is shown as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossmon.diagnosis.finding import SEVERITIES, Report
from lossmon.diagnosis.stats import ratio
from lossmon.numfmt import MISSING, fmt, printable
from lossmon.records import Floats, Run, Steps, Table
from lossmon.report.json import number
from lossmon.report.table import align
from lossmon.signals import (
    GRAD_NONFINITE,
    GRAD_NORM,
    GRAD_ZERO_SHARE,
    UPDATE_NORM,
    WEIGHT_NONFINITE,
    WEIGHT_NORM,
)

SIGNS = {"error": "✗", "warning": "!", "info": "i", "": " "}
"""Severity of the worst finding that names a parameter, to its sign."""
MOST = 24
"""Rows of the table; the rest are counted below it."""
_HEADER = ("", "parameter", "shape", "grad norm", "update/w", "weight norm", "zero grad", "at step")
_NAME, _SHAPE, _WEIGHT, _ZERO, _STEP = 1, 2, 5, 6, 7
_GIVE_WAY = (_SHAPE, _WEIGHT, _ZERO, _STEP)
_LEAST_NAME, _ENOUGH = 8, 24
"""Characters of a name that are always shown, and those for which other columns give way."""
_LONGEST_SHAPE = 24
_RECORDS = 256
"""Records looked through at once for the last one that holds a parameter."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One parameter at its last sampled step."""

    name: str
    shape: tuple[int, ...]
    severity: str
    """Of the worst finding that names it, "" where none does."""
    step: int | None
    """None where it was never sampled; all numbers are NaN then."""
    grad_norm: float
    """NaN where there was no gradient, or where it is not a number: `grad_nonfinite` tells."""
    update_ratio: float
    weight_norm: float
    zero_share: float
    grad_nonfinite: float
    weight_nonfinite: float


def layer_rows(run: Run, report: Report) -> tuple[LayerRow, ...]:
    """Return one row per parameter: those that findings name, in their order, then by depth."""
    if run.meta is None:
        return ()
    named = _culprits(report)
    places = {name: at for at, name in enumerate(named)}
    infos = run.meta.parameters
    steps, values = _last_samples(run.parameters, len(infos))
    rows = [
        (
            places.get(info.name, len(places)),
            info.depth,
            LayerRow(
                info.name,
                info.shape,
                named.get(info.name, ""),
                int(step) if step >= 0 else None,
                *numbers,
            ),
        )
        for info, step, numbers in zip(infos, steps.tolist(), values.tolist(), strict=True)
    ]
    return tuple(row for *_, row in sorted(rows, key=lambda ranked: ranked[:2]))


def layer_dict(row: LayerRow) -> dict[str, Any]:
    """Return a row for programs; null where nothing was measured."""
    numbers = {
        "grad_norm": row.grad_norm,
        "update_ratio": row.update_ratio,
        "weight_norm": row.weight_norm,
        "grad_zero_share": row.zero_share,
        "grad_nonfinite": row.grad_nonfinite,
        "weight_nonfinite": row.weight_nonfinite,
    }
    known = {key: None if math.isnan(value) else number(value) for key, value in numbers.items()}
    if row.grad_nonfinite > 0:
        known["grad_norm"] = number(row.grad_norm)
    head = {"parameter": row.name, "shape": list(row.shape), "severity": row.severity or None}
    return {**head, "step": row.step, **known}


def render_layers(rows: Sequence[LayerRow], *, width: int) -> list[str]:
    """Return a heading and one line per row, each at most `width` columns; [] for no rows.

    Where names would be cut short, shape, weight norm, zero share and step give way, in turn.
    """
    table = [_HEADER, *(_cells(row) for row in rows[:MOST])]
    columns = list(range(len(_HEADER)))
    wanted = min(max(len(cells[_NAME]) for cells in table), _ENOUGH)
    for column in _GIVE_WAY:
        if _room(table, columns, width) >= wanted:
            break
        columns.remove(column)
    room = max(_room(table, columns, width), _LEAST_NAME)
    cut = [
        [_cut(cells[at], room) if at == _NAME else cells[at] for at in columns] for cells in table
    ]
    numbers = [place for place, at in enumerate(columns) if at > _SHAPE]
    return align(cut, right=numbers) if rows else []


def _room(table: Sequence[Sequence[str]], columns: Sequence[int], width: int) -> int:
    """Return how many columns are left for names."""
    others = (max(len(cells[at]) for cells in table) + 2 for at in columns if at != _NAME)
    return width - sum(others)


def _culprits(report: Report) -> dict[str, str]:
    """Return name -> severity of what findings name, the most severe finding's names first."""
    named: dict[str, str] = {}
    for finding in sorted(report.findings, key=lambda one: SEVERITIES.index(one.severity)):
        for name in finding.culprits:
            named.setdefault(name, finding.severity)
    return named


def _last_samples(table: Table | None, rows: int) -> tuple[Steps, Floats]:
    """Return of every row its last sampled step, -1 for never, and the numbers of that step."""
    steps, values = np.full(rows, -1, np.int64), np.full((rows, 6), np.nan)
    end = 0 if table is None else len(table)
    while table is not None and end > 0 and (steps < 0).any():
        part = slice(max(end - _RECORDS, 0), end)
        found = _numbers(table, part)
        known = ~np.isnan(found[..., 0]) | ~np.isnan(found[..., 2])
        last = len(known) - 1 - known[::-1].argmax(axis=0)
        new = np.flatnonzero(known.any(axis=0) & (steps < 0))
        steps[new], values[new] = table.steps[part][last[new]], found[last[new], new]
        end = part.start
    return steps, values


def _numbers(table: Table, part: slice) -> Floats:
    """Return shape (records, rows, 6), the numbers of a row in the order of their fields."""
    weight = table.column(WEIGHT_NORM, part)
    columns = (
        table.column(GRAD_NORM, part),
        ratio(table.column(UPDATE_NORM, part), weight),
        weight,
        table.column(GRAD_ZERO_SHARE, part),
        table.column(GRAD_NONFINITE, part),
        table.column(WEIGHT_NONFINITE, part),
    )
    return np.stack(columns, axis=-1)


def _cells(row: LayerRow) -> tuple[str, ...]:
    has_none = math.isnan(row.grad_norm) and row.grad_nonfinite == 0
    return (
        SIGNS[row.severity],
        printable(row.name),
        printable("x".join(map(str, row.shape)), _LONGEST_SHAPE) or "scalar",
        "none" if has_none else _shown(row.grad_norm, row.grad_nonfinite),
        _shown(row.update_ratio),
        _shown(row.weight_norm, row.weight_nonfinite),
        MISSING if math.isnan(row.zero_share) else f"{fmt(100 * row.zero_share, 2)}%",
        MISSING if row.step is None else str(row.step),
    )


def _shown(value: float, nonfinite: float = 0.0) -> str:
    """Return a number, or a dash where it was not measured."""
    return MISSING if math.isnan(value) and not nonfinite > 0 else fmt(value, 3)


def _cut(name: str, width: int) -> str:
    """Return a name in at most `width` characters, cut in its middle: both ends tell it."""
    if len(name) <= width:
        return name
    head = (width - 1) // 2
    return f"{name[:head]}…{name[len(name) - (width - 1 - head) :]}"
