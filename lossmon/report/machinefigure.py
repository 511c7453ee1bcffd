"""What a training takes of the machine as Bokeh plots, over the steps of its loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Line

from lossmon.report.curve import bucketed, smoothed, span_of
from lossmon.report.frame import Item, frame, legend, strips
from lossmon.report.look import LIGHT, Look
from lossmon.report.machine import Dial
from lossmon.report.xaxis import IDENTITY, Across, Ruler, Span

_BUCKETS = 400
_DASHES = ("solid", "dashed", "dotted")


def machine_figure(
    dial: Dial,
    *,
    view: Span,
    look: Look = LIGHT,
    across: Across = "step",
    ruler: Ruler = IDENTITY,
    height: int | None = 120,
    left: int = 52,
) -> Any:
    """Return the signals of a dial over one axis, which begins at 0; `view` is in its unit."""
    curves = [_curve(dial, number) for number in range(len(dial.shown))]
    finite = np.concatenate([values[np.isfinite(values)] for _, values in curves])
    top = 1.1 * float(finite.max()) if len(finite) and finite.max() > 0 else 1.0
    plot = frame(
        view, (0.0, top), look, name=f"machine-{dial.name}", across=across, height=height, left=left
    )
    items: list[Item] = []
    for (signal, _), (steps, values), colour, dash in zip(
        dial.shown, curves, look.series, _DASHES, strict=False
    ):
        source = ColumnDataSource({"x": ruler.place(steps), "y": values})
        line = Line(x="x", y="y", line_color=colour, line_width=1.5, line_dash=dash)
        items.append((signal.label, plot.add_glyph(source, line, name=signal.name)))
    strips(plot, [], look.focus, name="focus", alpha=look.shade_alpha)
    return legend(plot, items, look)


def _curve(dial: Dial, number: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return steps and values of a signal, in as many points as a chart has room for."""
    series = dial.shown[number][1]
    span = span_of(len(series)) if dial.is_noisy else 1
    points = bucketed(series, smoothed(series.values, span), buckets=_BUCKETS)
    return points.last, points.smooth
