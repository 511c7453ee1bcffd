"""The heatmap and a layer's figure as the page embeds them, with the names that go beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.numfmt import fmt, printable
from lossmon.records import ParameterInfo, Run
from lossmon.report.heatfigure import ROW_PX, heat_figure, layer_figure, palette
from lossmon.report.heatmap import (
    HIGHEST,
    LOWEST,
    MOST_ROWS,
    columns_of,
    heat,
    rows_of,
    value_of,
)
from lossmon.report.layerfacts import layer_facts
from lossmon.report.look import Look
from lossmon.report.losscurve import reach
from lossmon.report.overtime import METRICS, Fold, Metric, deepest
from lossmon.report.xaxis import IDENTITY, Across, Ruler, Span, ruler
from tensorboard_plugin_lossmon.embedding import embedded
from tensorboard_plugin_lossmon.store import Entry

NO_LAYERS = (
    "No layers were recorded. lossmon.watch(model, optimizer) records them, and so does "
    "lossmon run train.py."
)
_POINTS = 600
"""Columns of a layer's curve."""


def draw_heat(
    entry: Entry,
    metric: Metric,
    *,
    level: int | None,
    opened: Collection[str],
    start: int,
    view: Span | None,
    across: Across,
    look: Look,
    left: int,
) -> dict[str, Any]:
    """Return the heatmap to embed, its rows, and the scale of its colours."""
    run = entry.run
    if run.meta is None or not run.meta.parameters:
        return {"item": None, "reason": NO_LAYERS}
    parameters = run.meta.parameters
    rows, level = rows_of(parameters, level, opened)
    scale, seen = axis_of(run, across, view)
    start = min(start, max(len(rows) - 1, 0))
    found = heat(run, metric, rows[start : start + MOST_ROWS], view=seen, ruler=scale)
    folding = {"level": level, "deepest": deepest(parameters)}
    if found is None:
        return {
            "item": None,
            "reason": f"No {metric.label} was recorded in these steps.",
            **folding,
        }
    named = _named(parameters, entry.report)
    shown = {"start": start, "total": len(rows), "range": list(seen)}
    pages = {"page": MOST_ROWS, "first_named": _first_named(rows, named)}
    item = embedded(heat_figure(found, look=look, across=across, left=left))
    listed = {"rows": [_row(row, named) for row in found.rows], "row_px": ROW_PX}
    return {"item": item, **listed, **_scale(metric, look), **shown, **pages, **folding}


def _scale(metric: Metric, look: Look) -> dict[str, Any]:
    """Return the colour of each level, and what those on the scale stand for."""
    values = [fmt(value_of(level, metric)) for level in range(LOWEST, HIGHEST + 1)]
    return {"palette": palette(look), "scale": values, "metric": metric.label}


def draw_layer(
    entry: Entry, name: str, *, view: Span | None, across: Across, look: Look, left: int
) -> dict[str, Any]:
    """Return what is known of one row, and its figure."""
    run = entry.run
    parameters = run.meta.parameters if run.meta else ()
    members = tuple(at for at, one in enumerate(parameters) if _belongs(one.name, name))
    if not members:
        return {"item": None, "reason": f"no such layer: {printable(name)}"}
    fold = Fold(name, members)
    scale, seen = axis_of(run, across, view)
    series = [
        (metric, columns_of(run, metric, [fold], view=seen, ruler=scale, columns=_POINTS)[0])
        for metric in METRICS
        if metric.log  # the others are not drawn, and reading them takes as long
    ]
    gone = [_gaps(metric, values) for metric, values in series]
    known = any(bool(np.isfinite(values).any()) for _, values in series)
    plot = layer_figure(series, view=seen, look=look, across=across, height=None, left=left)
    return {
        "item": embedded(plot) if known else None,
        "reason": "" if known else "Nothing was sampled in these steps.",
        "range": list(seen),
        "name": printable(name),
        "facts": layer_facts(run, _report(entry), fold),
        "gaps": [text for text in gone if text],
    }


def axis_of(run: Run, across: Across, view: Span | None) -> tuple[Ruler, Span]:
    """Return the ruler of the loss, and what the chart of the loss shows."""
    loss = run.scalar(signals.LOSS)
    if loss is not None and len(loss):
        scale = ruler(loss, across)
        return scale, view or reach([(loss, scale)])
    return IDENTITY, view or (-0.5, max(run.last_step, 0) + 0.5)


def _named(parameters: Sequence[ParameterInfo], report: Report | None) -> list[list[str]]:
    """Return the rules of the findings that name each parameter, or a module that it is in."""
    culprits = [(one.rule, set(one.culprits)) for one in report.findings] if report else []
    return [
        [rule for rule, names in culprits if not names.isdisjoint(_within(one.name))]
        for one in parameters
    ]


def _within(name: str) -> list[str]:
    """Return a parameter and the modules that it is in."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _first_named(rows: Sequence[Fold], named: list[list[str]]) -> dict[str, int]:
    """Return for each finding the first of all rows that it names."""
    first: dict[str, int] = {}
    for at, row in enumerate(rows):
        for rule in _rules(row, named):
            first.setdefault(rule, at)
    return first


def _rules(row: Fold, named: list[list[str]]) -> list[str]:
    return list(dict.fromkeys(rule for at in row.members for rule in named[at]))


def _row(row: Fold, named: list[list[str]]) -> dict[str, Any]:
    return {
        "name": row.name,
        "label": printable(row.name),
        "parts": len(row.members),
        "named": _rules(row, named),
    }


def _belongs(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _gaps(metric: Metric, values: Any) -> str:
    zero, broken = int((values == 0).sum()), int(np.isinf(values).sum())
    words = [f"zero in {zero}"] * bool(zero) + [f"not finite in {broken}"] * bool(broken)
    return f"{metric.label}: {' and '.join(words)} of {len(values)} columns" if words else ""


def _report(entry: Entry) -> Report:
    return entry.report or Report(entry.place.name, "not-enough-evidence", 0, None)
