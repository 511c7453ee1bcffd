"""The empty frame of a figure: axes, grid, legend, and the strips of steps that lie behind it.

All figures of a page have the same place for their steps: frames that stand above each other share
what is left and right of them. Importing this module imports Bokeh; its models are used without
`bokeh.plotting`, which takes half a second more to import and twice as long to build a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    DatetimeTickFormatter,
    Grid,
    Legend,
    LegendItem,
    LinearAxis,
    LinearScale,
    LogAxis,
    LogScale,
    NumeralTickFormatter,
    Plot,
    Range1d,
    VStrip,
)

from lossmon.report.look import Look
from lossmon.report.xaxis import Across

_FONT = "Roboto, 'Helvetica Neue', Arial, sans-serif"
_SIZE = "11px"
_ACROSS = {"step": "step", "relative": "time since the first step, s", "wall": "wall time (UTC)"}

Item = tuple[str, Any]
"""A word of the legend, and the renderer that it explains."""


def frame(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    look: Look,
    *,
    name: str,
    log_y: bool = False,
    across: Across = "step",
    height: int | None = None,
    left: int = 52,
) -> Any:
    """Return a plot with axes and nothing in it, `left` pixels of which are beside the frame.

    Dragging zooms along the steps. A `height` of None fills the element that the plot is put in.
    """
    plot = Plot(
        x_range=Range1d(*x_range),
        y_range=Range1d(*y_range),
        y_scale=LogScale() if log_y else LinearScale(),
        height=height,
        sizing_mode="stretch_width" if height else "stretch_both",
        toolbar_location=None,
        title=None,  # an empty one is laid out too
        background_fill_color=look.paper,
        border_fill_color=look.paper,
        outline_line_color=look.rule,
        min_border_left=left,
        min_border_right=16,
        name=name,
    )
    bottom = steps_axis(plot, look, across)
    up = LogAxis(**axis_style(look)) if log_y else LinearAxis(**axis_style(look))
    plot.add_layout(up, "left")
    plot.add_layout(Grid(axis=bottom, dimension=0, grid_line_color=look.rule), "center")
    plot.add_layout(Grid(axis=up, dimension=1, grid_line_color=look.rule), "center")
    return plot


def steps_axis(plot: Any, look: Look, across: Across = "step") -> Any:
    """Add the axis below, and zooming along it by a drag; return the axis."""
    numbers = NumeralTickFormatter(format="0,0" if across == "step" else "0,0.[00]")
    formatter = DatetimeTickFormatter() if across == "wall" else numbers
    below = LinearAxis(axis_label=_ACROSS[across], formatter=formatter, **axis_style(look))
    plot.add_layout(below, "below")
    zoom = BoxZoomTool(dimensions="width")
    plot.add_tools(zoom)
    plot.toolbar.active_drag = zoom
    return below


def axis_style(look: Look) -> dict[str, Any]:
    """Return colours and type of an axis."""
    return {
        "axis_line_color": look.rule,
        "major_tick_line_color": look.rule,
        "minor_tick_line_color": None,
        "major_label_text_color": look.ink,
        "major_label_text_font": _FONT,
        "major_label_text_font_size": _SIZE,
        "axis_label_text_color": look.ink,
        "axis_label_text_font": _FONT,
        "axis_label_text_font_size": _SIZE,
        "axis_label_text_font_style": "normal",
    }


def strips(
    plot: Any,
    spans: Sequence[tuple[float, float]],
    colour: str,
    *,
    name: str,
    alpha: float,
    **more: Any,
) -> Any:
    """Shade stretches of the x axis behind everything; return the renderer."""
    ends = np.array(spans, np.float64).reshape(-1, 2)
    source = ColumnDataSource({"x0": ends[:, 0], "x1": ends[:, 1]})
    line = {"line_color": colour, "line_alpha": 0.6}
    glyph = VStrip(x0="x0", x1="x1", fill_color=colour, fill_alpha=alpha, **line, **more)
    return plot.add_glyph(source, glyph, name=name, level="underlay")


def legend(plot: Any, items: Sequence[Item], look: Look) -> Any:
    """Explain above the frame what is drawn; return the plot."""
    box = Legend(
        items=[LegendItem(label=label, renderers=[drawn]) for label, drawn in items],
        orientation="horizontal",
        border_line_color=None,
        background_fill_alpha=0.0,
        label_text_color=look.ink,
        label_text_font=_FONT,
        label_text_font_size=_SIZE,
        label_standoff=4,
        glyph_height=10,
        glyph_width=16,
        spacing=12,
        padding=0,
        margin=6,
        location="bottom_left",
        ncols=5,
    )
    plot.add_layout(box, "above")
    return plot
