"""The heatmap of layers over steps, and one layer's numbers, as Bokeh plots.

Neither holds a name from a log: a surface writes the names of the rows beside them, `ROW_PX` each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    Image,
    Line,
    LinearColorMapper,
    LinearScale,
    Plot,
    Range1d,
    Scatter,
)
from bokeh.palettes import viridis

from lossmon.report.frame import Item, frame, legend, steps_axis, strips
from lossmon.report.heatmap import BROKEN, HIGHEST, LOWEST, ZERO, Heat
from lossmon.report.look import LIGHT, Look
from lossmon.report.overtime import Metric
from lossmon.report.xaxis import Across, Span

ROW_PX = 16
BELOW_PX = 44
"""Height of the axis below the rows."""
_SIGNS, _MOST_SIGNS = 24, 4000
"""Signs of a stretch as wide as the frame, and of all."""
_ON_ZERO = "#ffffff"
"""Zero is black in either look; the dark one's paper would not be seen on it."""


def palette(look: Look) -> list[str]:
    """Return the colour of each level; those beside the scale are unlike all on it."""
    return [look.paper, look.zero, look.bad, *viridis(HIGHEST - LOWEST + 1)]


def heat_figure(found: Heat, *, look: Look = LIGHT, across: Across = "step", left: int = 52) -> Any:
    """Return the heatmap; rows from the top in their order, `ROW_PX` pixels high each."""
    rows = len(found.levels)
    first, last = found.view
    plot = Plot(
        x_range=Range1d(first, last),
        y_range=Range1d(0, rows),
        x_scale=LinearScale(),
        y_scale=LinearScale(),
        height=rows * ROW_PX + BELOW_PX,
        frame_height=rows * ROW_PX,
        sizing_mode="stretch_width",
        toolbar_location=None,
        title=None,
        background_fill_color=look.paper,
        border_fill_color=look.paper,
        outline_line_color=look.rule,
        min_border_left=left,
        min_border_right=16,
        min_border_top=0,
        name="heat",
    )
    image = ColumnDataSource(
        {"image": [found.levels[::-1]], "x": [first], "y": [0], "dw": [last - first], "dh": [rows]}
    )
    mapper = LinearColorMapper(palette=palette(look), low=0, high=HIGHEST + 1)
    glyph = Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper)
    plot.add_glyph(image, glyph, name="levels")
    _cross_out(plot, found, look)
    strips(plot, [], look.focus, name="focus", alpha=look.shade_alpha)
    steps_axis(plot, look, across)
    return plot


def layer_figure(
    series: Sequence[tuple[Metric, np.ndarray[Any, Any]]],
    *,
    view: Span,
    look: Look = LIGHT,
    across: Across = "step",
    height: int | None = 240,
    left: int = 52,
) -> Any:
    """Return the metrics of one row over the same columns as its heatmap, on one log axis.

    Zeros and numbers that are not finite are gaps: a page says how many there are.
    """
    drawable = [(metric, _positive(values)) for metric, values in series if metric.log]
    known = np.concatenate([values[~np.isnan(values)] for _, values in drawable] or [np.zeros(0)])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.1, 1.0)
    plot = frame(
        view, (low / 2, high * 2), look, name="layer", log_y=True, across=across, height=height,
        left=left,
    )  # fmt: skip
    dashes, items = ("solid", "dashed", "dotted"), []
    for (metric, values), colour, dash in zip(drawable, look.series, dashes, strict=False):
        edges = np.linspace(view[0], view[1], len(values) + 1)
        source = ColumnDataSource({"x": (edges[:-1] + edges[1:]) / 2, "y": values})
        line = Line(x="x", y="y", line_color=colour, line_width=2, line_dash=dash)
        item: Item = (metric.label, plot.add_glyph(source, line, name=metric.name))
        items.append(item)
    legend(plot, items, look)
    strips(plot, [], look.focus, name="focus", alpha=look.shade_alpha)
    return plot


def _positive(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _cross_out(plot: Any, found: Heat, look: Look) -> None:
    """Cross cells that are not finite, and dot those that are zero, so that no colour is needed."""
    rows, columns = found.levels.shape
    width = (found.view[1] - found.view[0]) / columns
    for level, marker, colour in ((BROKEN, "x", look.paper), (ZERO, "dot", _ON_ZERO)):
        cells = _signed(found.levels == level)
        if not len(cells):
            continue
        source = ColumnDataSource(
            {"x": found.view[0] + (cells[:, 1] + 0.5) * width, "y": rows - cells[:, 0] - 0.5}
        )
        sign = Scatter(x="x", y="y", marker=marker, size=8, line_color=colour, fill_color=None)
        plot.add_glyph(source, sign, name="signs")


def _signed(cells: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return row and column of cells that get a sign: where a stretch begins, and some of it."""
    begins = cells & ~np.pad(cells, ((0, 0), (1, 0)))[:, :-1]
    some = cells & (np.arange(cells.shape[1]) % max(cells.shape[1] // _SIGNS, 1) == 0)
    found = np.argwhere(begins | some)
    return found[:: -(-len(found) // _MOST_SIGNS)] if len(found) else found
