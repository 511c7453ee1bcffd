"""The table of layers, left of their heatmap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from lossmon.numfmt import MISSING, fmt, printable
from lossmon.report.layers import SIGNS
from lossmon.report.overtime import DEAD, GRAD, METRICS, UPDATE, WEIGHT, Metric
from lossmon.tui.heat import SHADES, Scale
from lossmon.tui.layerlist import Layer, arranged, layers_of
from lossmon.tui.line import Line, Span, cells, fit, line, shorten
from lossmon.tui.snapshot import RunView

_SIZES = {GRAD: 8, UPDATE: 7, WEIGHT: 7, DEAD: 5}
_SHAPE = 14
_LEAST_NAME, _MOST_NAME = 12, 28
_WIDE = 120


def table_width(width: int) -> int:
    """Return the columns that the table takes of a screen."""
    if width < 60:
        return max(width - 12, 10)
    return 42 if width < _WIDE else 68


def table_lines(
    layers: Sequence[Layer], chosen: str, metric: Metric, scale: Scale | None, width: int
) -> list[Line]:
    """Return a header, a row a layer, and what the shades of the heatmap stand for."""
    columns, with_shape = _columns(width)
    name = _name_width(width)
    titles = "".join(f" {fit(one.short, _SIZES[one], right=True)}" for one in columns)
    shape = f" {fit('SHAPE', _SHAPE)}" if with_shape else ""
    rows = [line((f"   {fit('LAYER', name)}{shape}{titles}", "dim"))]
    for layer in layers:
        rows.append(_row(layer, columns, name, metric, layer.fold.name == chosen, with_shape))
    rows.append(_scale_line(scale, width))
    return rows


def panel_rows(view: RunView, width: int, most: int) -> list[Line]:
    """Return a header and the worst layers of a run, for a panel of the overview."""
    layers = _worst(view)
    if most < 1 or all(math.isnan(one.values[WEIGHT]) for one in layers):
        return []
    columns, name = (GRAD, UPDATE, DEAD), max(width - 30, 8)
    titles = "".join(f" {fit(one.short, _SIZES[one], right=True)}" for one in columns)
    head = line((f"   {fit('LAYER', name)}{titles}", "dim"))
    rows = [_row(one, columns, name, GRAD, False, False) for one in layers[:most]]
    return [head, *rows]


@lru_cache(maxsize=1)
def _worst(view: RunView) -> tuple[Layer, ...]:
    """Return the layers of a run, worst first; the same view is asked for at every key."""
    return arranged(layers_of(view.run, view.report, 0), "worst", "")


def _columns(width: int) -> tuple[tuple[Metric, ...], bool]:
    if width < 40:
        return (GRAD,), False
    return ((GRAD, UPDATE, DEAD), False) if width < 60 else (METRICS, True)


def _name_width(width: int) -> int:
    columns, with_shape = _columns(width)
    taken = 4 + sum(_SIZES[one] + 1 for one in columns) + (_SHAPE + 1) * with_shape
    return min(max(width - taken, 8), _MOST_NAME)


def _row(
    layer: Layer,
    columns: Sequence[Metric],
    name: int,
    metric: Metric,
    is_chosen: bool,
    with_shape: bool,
) -> Line:
    severity = layer.severity
    title = fit(shorten(printable(layer.fold.name), name), name)
    spans: list[Span] = [
        ("▶" if is_chosen else " ", "key"),
        (f"{SIGNS[severity]} ", severity),
        (title, "bold" if is_chosen else ""),
    ]
    if with_shape:
        spans.append((f" {fit(printable(layer.shape, _SHAPE), _SHAPE)}", "dim"))
    for one in columns:
        text = value_text(one, layer.values[one])
        spans.append((f" {fit(text, _SIZES[one], right=True)}", "" if one == metric else "dim"))
    return line(*spans, chosen=is_chosen)


def value_text(metric: Metric, value: float) -> str:
    """Return a value in two digits; a dash where nothing was measured."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "nan/inf"
    return fmt(value, 2) if metric.log else f"{100 * value:.0f}%"


def _scale_line(scale: Scale | None, width: int) -> Line:
    if scale is None:
        return line("")
    spans: list[Span] = [("   scale ", "dim")]
    for number, shade in enumerate(SHADES):
        share = number / (len(SHADES) - 1)
        text = f"{shade} {scale.label(share)}  "
        if sum(cells(one) for one, _ in spans) + cells(text) <= width:
            spans.append((text, f"heat{2 * number}"))
    return line(*spans)
