"""The headings of the layers screen: what is listed, and what the chosen row did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossmon.numfmt import MISSING, fmt, plural, printable
from lossmon.records import Floats, Run, Steps, Table
from lossmon.report.overtime import METRICS, Metric, history
from lossmon.signals import PARAMETER_SIGNALS
from lossmon.tui.layerlist import Layer
from lossmon.tui.line import EMPTY, Line, Span, cells, ends, fit, line, shorten
from lossmon.tui.snapshot import RunView
from lossmon.tui.widgets.layer_table import value_text

_NONE = {
    True: "no step was sampled: no layer is known",
    False: "a log of scalars: no layer is known",
}
"""By whether lossmon wrote the log."""
_FALL = 1e-3
"""A value this far below its first one has collapsed."""


def layers_heading(
    view: RunView, layers: Sequence[Layer], metric: Metric, order: str, width: int
) -> Line:
    """Return how many rows there are, how they are sorted, and what the heatmap shows."""
    if not layers and not (view.run.meta is not None and view.run.meta.parameters):
        return line((f" {_NONE[view.run.meta is not None]}", "warning"))
    left: list[Span] = [("─ ", "rule"), (plural(len(layers), "layer"), "title")]
    left.append((f"  {'worst first' if order == 'worst' else f'by {order}'}", "dim"))
    metrics: list[Span] = [("v: ", "dim")]
    for one in METRICS:
        word = one.label if width >= 100 else one.name
        metrics.append(
            (f"{word.upper() if one is metric else word} ", "key" if one is metric else "dim")
        )
    return ends(left, metrics, width)


def detail_heading(
    run: Run, layer: Layer | None, metric: Metric, cursor: int | None, width: int
) -> Line:
    """Return name and shape of the row, and its values at the cursor, else how it came about."""
    if layer is None:
        return line(("─", "rule"))
    name = printable(layer.fold.name)
    spans: list[Span] = [("─ ", "rule"), (shorten(name, max(width // 3, 12)), "title")]
    spans.append((f"  {printable(layer.shape, 24)}", "dim"))
    room = width - sum(cells(text) for text, _ in spans)
    if cursor is not None:
        text = f"  ┊ step {cursor}  " + "  ".join(
            f"{one.label if width >= 100 else one.name} "
            f"{value_text(one, _at(history(run, one, layer.fold), cursor))}"
            for one in METRICS
        )
    else:
        text = f"  {metric.label}: {_story(history(run, metric, layer.fold), metric)}"
    spans.append((shorten(text, room), ""))
    return line(*spans)


def numbers_page(run: Run, layer: Layer, cursor: int | None, width: int) -> list[Line]:
    """Return all that was measured of a row's parameters, at the cursor, else last."""
    table, meta = run.parameters, run.meta
    assert meta is not None
    lines = [line((f" {printable(layer.fold.name)}", "bold"), f"  {printable(layer.shape, 24)}")]
    record = _record(table, cursor)
    if table is None or record is None:
        return [*lines, EMPTY, line("   never sampled")]
    lines.append(line((f"   as sampled at step {table.steps[record]}", "dim")))
    for member in layer.fold.members:
        info = meta.parameters[member]
        what = f"  {'x'.join(map(str, info.shape)) or 'scalar'} {info.dtype} {info.kind}"
        lines += [EMPTY, line((f" {printable(info.name)}", "title"), (printable(what), "dim"))]
        for signal in PARAMETER_SIGNALS:
            value = float(table.column(signal, np.array([record]))[0, member])
            shown = MISSING if np.isnan(value) else fmt(value)
            doc = signal.doc.partition(". ")[0]
            head = f"   {fit(signal.label, 26)}{fit(shown, 12)}"
            lines.append(line(head, (fit(doc, max(width - cells(head) - 1, 0)).rstrip(), "dim")))
    return lines


def _record(table: Table | None, cursor: int | None) -> int | None:
    """Return the record at the cursor, else the last one."""
    if table is None or not len(table):
        return None
    last = len(table) - 1
    if cursor is None:
        return last
    return max(int(np.searchsorted(table.steps, cursor, side="right")) - 1, 0)


def _at(found: tuple[Steps, Floats, Floats], step: int) -> float:
    steps, _, values = found
    row = int(np.searchsorted(steps, step, side="right")) - 1
    return float(values[row]) if row >= 0 else float("nan")


def _story(found: tuple[Steps, Floats, Floats], metric: Metric) -> str:
    """Return first and last value, and where it fell to a thousandth of the first."""
    steps, _, values = found
    if not len(values):
        return "not measured"
    first, last = (value_text(metric, float(values[at])) for at in (0, -1))
    told = f"{first} at step {steps[0]}, {last} at {steps[-1]}"
    low = np.flatnonzero(values < _FALL * values[0]) if metric.log else np.zeros(0, np.int64)
    return f"{told}, collapsed by step {steps[low[0]]}" if len(low) else told
