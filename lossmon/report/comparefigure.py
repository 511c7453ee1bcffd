"""The difference of two losses over their steps, as a Bokeh plot. No name from a log is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Line, VArea, VSpan

from lossmon.records import Series
from lossmon.report.compare import LossDifference
from lossmon.report.curve import Curve, bucketed
from lossmon.report.frame import Item, frame, legend
from lossmon.report.look import LIGHT, Look
from lossmon.report.xaxis import Span


def difference_figure(
    found: LossDifference,
    *,
    look: Look = LIGHT,
    view: Span | None = None,
    height: int | None = 220,
    left: int = 52,
) -> Any:
    """Return second loss less first: envelope, trend, zero, and where they part for good."""
    series = Series("", found.steps, np.zeros(len(found.steps)), found.values)
    points = bucketed(series, found.trend, buckets=800)
    first, last = float(found.steps[0]), float(found.steps[-1])
    pad = max((last - first) * 0.01, 0.5)
    plot = frame(
        view or (first - pad, last + pad), _reach(points.low, points.high), look,
        name="difference", height=height, left=left,
    )  # fmt: skip
    items = _curve(plot, points, look)
    plot.add_glyph(ColumnDataSource(), HSpan(y=0.0, line_color=look.ink))
    if found.apart is not None:
        mark = VSpan(x="x", line_color=look.bad, line_dash="dashed", line_width=1.5)
        at = ColumnDataSource({"x": [found.apart]})
        items.append(("apart from here on", plot.add_glyph(at, mark, name="apart")))
    legend(plot, items, look)
    return plot


def _curve(plot: Any, points: Curve, look: Look) -> list[Item]:
    """Draw envelope and trend; return what the legend says of them."""
    source = ColumnDataSource(
        {"x": points.last, "low": points.low, "high": points.high, "trend": points.smooth}
    )
    seen = np.isfinite(points.low)
    area = ColumnDataSource({name: source.data[name][seen] for name in ("x", "low", "high")})
    shade = VArea(x="x", y1="low", y2="high", fill_color=look.curve, fill_alpha=look.raw_alpha / 2)
    raw = plot.add_glyph(area, shade, name="raw")
    line = Line(x="x", y="trend", line_color=look.curve, line_width=2)
    trend = plot.add_glyph(source, line, name="trend")
    tips = [("step", "@x"), ("difference", "@trend{%.4g}")]
    printed = {"@trend": "printf"}
    hover = HoverTool(renderers=[trend], mode="vline", tooltips=tips, formatters=printed)
    plot.add_tools(hover)
    return [("difference", raw), ("of the trends", trend)]


def _reach(low: np.ndarray[Any, Any], high: np.ndarray[Any, Any]) -> Span:
    """Return a range that shows zero and every difference."""
    known = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)], [0.0]])
    bottom, top = float(known.min()), float(known.max())
    pad = max((top / 2 - bottom / 2) * 0.1, 1e-12)
    return max(bottom - pad, -1.7e308), min(top + pad, 1.7e308)
