"""The figures of a run, as Bokeh models: one and the same in the panel and in an HTML report.

A figure holds numbers and lossmon's own words, no text from a log. What a surface changes after
drawing it finds by name: the renderer `focus`, whose columns x0 and x1 are the shaded steps.
Importing this module imports Bokeh; its models are used without `bokeh.plotting`, which takes half
a second more to import and twice as long to build a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    Grid,
    HoverTool,
    HSpan,
    Legend,
    LegendItem,
    Line,
    LinearAxis,
    LinearScale,
    LogAxis,
    LogScale,
    NumeralTickFormatter,
    Plot,
    Range1d,
    VArea,
    VStrip,
)

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.records import Floats, Run, Series
from lossmon.report.curve import Curve, bucketed, non_finite, smoothed, span_of
from lossmon.report.look import LIGHT, Look

_DECADES = 3.0
"""A loss that spans more decades than this is drawn on a log axis unless asked otherwise."""
_FONT = "Roboto, 'Helvetica Neue', Arial, sans-serif"
_SIZE = "11px"
_SINGLE = [("step", "@last"), ("loss", "@low{%.4g}"), ("trend", "@smooth{%.4g}")]
_BUCKET = [
    ("steps", "@first to @last"),
    ("loss", "@low{%.4g} to @high{%.4g}"),
    ("trend", "@smooth{%.4g}"),
]

Steps = tuple[int, int]
Item = tuple[str, Any]
"""A word of the legend, and the renderer that it explains."""


def loss_figure(
    run: Run,
    report: Report,
    *,
    look: Look = LIGHT,
    curve: str = "",
    log_y: bool | None = None,
    steps: Steps | None = None,
    height: int | None = 320,
) -> Any:
    """Return the loss of a run as a Bokeh plot, or None where no loss was recorded.

    The envelope of all points, the trend, the plateau, points that are not finite, and the prior
    loss where it is known. `curve` is the colour of the loss; `log_y` None lets the values decide,
    and True holds only where every finite loss is above 0; `steps` are first and last step in view;
    a `height` of None fills the element that the plot is put in.
    """
    loss = run.scalar(signals.LOSS)
    if loss is None or not len(loss):
        return None
    look = replace(look, curve=curve or look.curve)
    trend = smoothed(loss.values, span_of(len(loss)))
    logarithmic = log_y is not False and can_be_log(loss.values)
    loss, trend = _within(loss, trend, steps)
    points = bucketed(loss, trend)
    if log_y is None:
        logarithmic = logarithmic and _decades(points) > _DECADES
    prior = prior_loss(run)
    x_range = Range1d(*(steps or _whole(points)))
    y_range = _y_range(points, prior, logarithmic=logarithmic)
    plot = _frame(x_range, y_range, look, logarithmic=logarithmic, height=height)
    bands = _bands(plot, loss, report, look)
    lines = _lines(plot, points, look)
    _legend(plot, lines + _prior(plot, prior, look) + bands, look)
    return plot


def can_be_log(values: Floats) -> bool:
    """Return whether a log axis can show every finite value, and there is one."""
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and bool(finite.min() > 0)


def prior_loss(run: Run) -> float | None:
    """Return the loss of the best constant prediction as last measured, or None."""
    if run.totals is None:
        return None
    values = run.totals.column(signals.PRIOR_LOSS).reshape(-1)
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else None


def _within(series: Series, trend: Floats, steps: Steps | None) -> tuple[Series, Floats]:
    """Return the points in view, and one more on each side, so that lines lead out of it."""
    if steps is None:
        return series, trend
    start, end = np.searchsorted(series.steps, [steps[0], steps[1] + 1])
    kept = slice(max(int(start) - 1, 0), int(end) + 1)
    cut = replace(
        series,
        steps=series.steps[kept],
        wall_times=series.wall_times[kept],
        values=series.values[kept],
    )
    return cut, trend[kept]


def _whole(points: Curve) -> tuple[float, float]:
    first, last = float(points.first[0]), float(points.last[-1])
    pad = max((last - first) * 0.01, 0.5)
    return first - pad, last + pad


def _decades(points: Curve) -> float:
    low, high = _extent(points)
    return float(np.log10(high / low)) if 0 < low < high else 0.0


def _extent(points: Curve) -> tuple[float, float]:
    finite = np.isfinite(points.low)
    if not finite.any():
        return 0.1, 1.0
    return float(points.low[finite].min()), float(points.high[finite].max())


def _y_range(points: Curve, prior: float | None, *, logarithmic: bool) -> Range1d:
    low, high = _extent(points)
    if prior is not None and _is_near(prior, low, high, logarithmic=logarithmic):
        low, high = min(low, prior), max(high, prior)
    if logarithmic:
        pad = max((high / low) ** 0.05, 1.02)
        return Range1d(low / pad, min(high * pad, 1e308))
    # Halves first: the difference of two float64 near the limit is infinite.
    pad = max((high / 2 - low / 2) * 0.1, abs(high) * 0.005, 1e-12)
    return Range1d(max(low - pad, -1.7e308), min(high + pad, 1.7e308))


def _is_near(prior: float, low: float, high: float, *, logarithmic: bool) -> bool:
    """Return whether showing the prior leaves the curve at least half of the frame."""
    if logarithmic:
        return low / 10 < prior < high * 10
    reach = max(high - low, abs(high) * 0.05)
    return low - reach <= prior <= high + reach


def _frame(
    x_range: Range1d, y_range: Range1d, look: Look, *, logarithmic: bool, height: int | None
) -> Any:
    plot = Plot(
        x_range=x_range,
        y_range=y_range,
        y_scale=LogScale() if logarithmic else LinearScale(),
        height=height,
        sizing_mode="stretch_width" if height else "stretch_both",
        toolbar_location=None,
        background_fill_color=look.paper,
        border_fill_color=look.paper,
        outline_line_color=look.rule,
        min_border_left=52,
        min_border_right=16,
        name="loss",
    )
    across = LinearAxis(
        axis_label="step", formatter=NumeralTickFormatter(format="0,0"), **_axis(look)
    )
    up = LogAxis(**_axis(look)) if logarithmic else LinearAxis(**_axis(look))
    plot.add_layout(across, "below")
    plot.add_layout(up, "left")
    plot.add_layout(Grid(axis=across, dimension=0, grid_line_color=look.rule), "center")
    plot.add_layout(Grid(axis=up, dimension=1, grid_line_color=look.rule), "center")
    zoom = BoxZoomTool(dimensions="width")
    plot.add_tools(zoom)
    plot.toolbar.active_drag = zoom
    return plot


def _axis(look: Look) -> dict[str, Any]:
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


def _bands(plot: Any, loss: Series, report: Report, look: Look) -> list[Item]:
    """Draw what lies behind the curve."""
    items: list[Item] = []
    if report.flat is not None:
        hatch = {
            "hatch_pattern": "/",
            "hatch_color": look.flat,
            "hatch_alpha": 2 * look.shade_alpha,
        }
        hatch |= {"hatch_scale": 16, "hatch_weight": 0.5}
        alpha = look.shade_alpha
        flat = _strips(plot, [report.flat], look.flat, name="flat", alpha=alpha, **hatch)
        items.append(("plateau", flat))
    bad = [(first - 0.5, last + 0.5) for first, last in non_finite(loss)]
    if bad:
        hatch = {"hatch_pattern": "x", "hatch_color": look.bad, "hatch_alpha": 0.2}
        strips = _strips(plot, bad, look.bad, name="bad", alpha=0.12, **hatch)
        items.append(("not finite", strips))
    focus = _strips(plot, [], look.focus, name="focus", alpha=look.shade_alpha)
    return [*items, ("finding", focus)] if report.findings else items


def _strips(
    plot: Any,
    spans: Sequence[tuple[float, float]],
    colour: str,
    *,
    name: str,
    alpha: float,
    **more: Any,
) -> Any:
    ends = np.array(spans, np.float64).reshape(-1, 2)
    source = ColumnDataSource({"x0": ends[:, 0], "x1": ends[:, 1]})
    line = {"line_color": colour, "line_alpha": 0.6}
    glyph = VStrip(x0="x0", x1="x1", fill_color=colour, fill_alpha=alpha, **line, **more)
    return plot.add_glyph(source, glyph, name=name, level="underlay")


def _lines(plot: Any, points: Curve, look: Look) -> list[Item]:
    source = ColumnDataSource(_columns(points))
    single = bool(np.all(points.count == 1))
    if single:
        faint = Line(x="last", y="low", line_color=look.curve, line_alpha=look.raw_alpha)
        raw = plot.add_glyph(source, faint, name="raw")
    else:
        area = VArea(
            x="last", y1="low", y2="high", fill_color=look.curve, fill_alpha=look.raw_alpha / 2
        )
        raw = plot.add_glyph(_seen(points, source), area, name="raw")
    thick = Line(x="last", y="smooth", line_color=look.curve, line_width=2)
    trend = plot.add_glyph(source, thick, name="trend")
    plot.add_tools(_hover(trend, _SINGLE if single else _BUCKET))
    return [("loss" if single else "loss, lowest to highest", raw), ("trend", trend)]


def _seen(points: Curve, source: ColumnDataSource) -> ColumnDataSource:
    """Return the columns without the buckets that hold no finite point: an area has no gaps."""
    seen = np.isfinite(points.low)
    if seen.all():
        return source
    return ColumnDataSource({name: source.data[name][seen] for name in ("last", "low", "high")})


def _hover(line: Any, tooltips: list[tuple[str, str]]) -> HoverTool:
    return HoverTool(
        renderers=[line],
        mode="vline",
        line_policy="nearest",
        tooltips=tooltips,
        formatters={f"@{name}": "printf" for name in ("low", "high", "smooth")},
    )


def _prior(plot: Any, prior: float | None, look: Look) -> list[Item]:
    if prior is None:
        return []
    level = HSpan(y=prior, line_color=look.ink, line_dash="dashed")
    return [(signals.PRIOR_LOSS.label, plot.add_glyph(ColumnDataSource(), level, name="prior"))]


def _columns(points: Curve) -> dict[str, Any]:
    """Return the columns of the curve; steps as int32 where they fit, at half the size."""
    kind = np.int32 if abs(int(points.last[-1])) < 2**31 else np.float64
    columns: dict[str, Any] = {
        "first": points.first.astype(kind),
        "last": points.last.astype(kind),
    }
    for name in ("low", "high", "smooth"):
        columns[name] = getattr(points, name)
    return columns


def _legend(plot: Any, items: Sequence[Item], look: Look) -> None:
    legend = Legend(
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
    )
    plot.add_layout(legend, "above")
