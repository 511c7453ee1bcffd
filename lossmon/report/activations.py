"""The layers of a run as their outputs were last looked at, in the order in which they run.

What was not measured is a dash, never a zero; a deviation that is not finite is shown as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossmon.layersignals import LAYER_SIGNALS, OUT_NONFINITE, STD_IN, STD_OUT
from lossmon.numfmt import MISSING, fmt, printable
from lossmon.records import Floats, LayerInfo, Run, Table
from lossmon.report.json import number
from lossmon.report.table import align

MOST = 24
"""Rows of the table; the rest are counted below it."""
_HEADER = (
    "layer",
    "class",
    "goes into",
    "std in",
    "std out",
    "dead",
    "dormant",
    "saturated",
    "step",
)
_SHARES = ("dead_share", "dormant_share", "saturated_share")
_LONGEST = 20
_GIVE_WAY = (1, 3, 8, 6, 2)
"""Columns that give way, in turn, where the lines would be too long."""
_RECORDS = 256
"""Records looked through at once for the last one that holds a layer."""


@dataclass(frozen=True, slots=True)
class ActivationRow:
    """One layer at the last step at which it was looked at."""

    info: LayerInfo
    step: int
    values: dict[str, float]
    """By name of the signal; NaN where it says nothing of the layer."""


def activation_rows(run: Run) -> tuple[ActivationRow, ...]:
    """Return one row for each layer that was ever looked at."""
    if run.meta is None or run.layers is None:
        return ()
    steps, values = _last(run.layers, len(run.meta.layers))
    names = [signal.name for signal in LAYER_SIGNALS]
    return tuple(
        ActivationRow(info, step, dict(zip(names, numbers, strict=True)))
        for info, step, numbers in zip(run.meta.layers, steps, values.tolist(), strict=True)
        if step >= 0
    )


def activation_dict(row: ActivationRow) -> dict[str, Any]:
    """Return a row for programs; null where nothing was measured."""
    broken = row.values[OUT_NONFINITE.name] > 0
    known = {
        name: number(value) if (broken and name == STD_OUT.name) or not math.isnan(value) else None
        for name, value in row.values.items()
    }
    head = {"layer": row.info.name, "class": row.info.kind, "activation": row.info.activation}
    return {**head, "step": row.step, **known}


def render_activations(rows: Sequence[ActivationRow], *, width: int) -> list[str]:
    """Return a heading and one line per row, each at most `width` columns; [] for no rows.

    Where there is little room, columns give way, the class first.
    """
    if not rows:
        return []
    table = [_HEADER, *(_cells(row) for row in rows[:MOST])]
    columns = list(range(len(_HEADER)))
    for column in (*_GIVE_WAY, None):
        lines = align(
            [[cells[at] for at in columns] for cells in table],
            right=[place for place, at in enumerate(columns) if at > 2],
        )
        if column is None or max(map(len, lines)) + 2 <= width:
            break
        columns.remove(column)
    return [f"  {line}"[:width] for line in lines]


def _cells(row: ActivationRow) -> tuple[str, ...]:
    shares = (row.values[name] for name in _SHARES)
    broken = row.values[OUT_NONFINITE.name] > 0
    return (
        printable(row.info.name, _LONGEST),
        printable(row.info.kind, _LONGEST),
        printable("" if row.info.is_activation else row.info.activation, _LONGEST),
        _shown(row.values[STD_IN.name]),
        fmt(row.values[STD_OUT.name], 3) if broken else _shown(row.values[STD_OUT.name]),
        *(MISSING if math.isnan(share) else f"{fmt(100 * share, 2)}%" for share in shares),
        str(row.step),
    )


def _shown(value: float) -> str:
    return MISSING if math.isnan(value) else fmt(value, 3)


def _last(table: Table, rows: int) -> tuple[list[int], Floats]:
    """Return of every layer its last step, -1 for never, and its numbers at that step."""
    steps, values = [-1] * rows, np.full((rows, len(LAYER_SIGNALS)), np.nan)
    end = len(table)
    while end > 0 and min(steps, default=0) < 0:
        part = slice(max(end - _RECORDS, 0), end)
        found = np.stack([table.column(signal, part) for signal in LAYER_SIGNALS], axis=-1)
        known = ~np.isnan(found[..., LAYER_SIGNALS.index(OUT_NONFINITE)])
        for row in np.flatnonzero(known.any(axis=0)).tolist():
            if steps[row] < 0:
                last = int(np.flatnonzero(known[:, row])[-1])
                steps[row], values[row] = int(table.steps[part][last]), found[last, row]
        end = part.start
    return steps, values
