"""The figures of a run, as Bokeh models: one and the same in the panel and in an HTML report.

A figure holds numbers and lossmon's own words, no text from a log. What a surface changes after
drawing it finds by name: the renderer `focus`, whose columns x0 and x1 are the shaded steps.
Importing this module imports Bokeh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from bokeh.models import (
    BasicTickFormatter,
    ColumnDataSource,
    HoverTool,
    Legend,
    LegendItem,
    Range1d,
)
from bokeh.plotting import figure

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.records import Floats, Run, Series
from lossmon.report.curve import Curve, bucketed, non_finite, smoothed, span_of
from lossmon.report.look import LIGHT, Look

_DECADES = 3.0
"""A loss that spans more decades than this is drawn on a log axis unless asked otherwise."""
_TOOLTIPS = [
    ("steps", "@first - @last"),
    ("loss", "@low{%.4g} to @high{%.4g}"),
    ("smoothed", "@smooth{%.4g}"),
]
_SINGLE = [("step", "@first"), ("loss", "@mean{%.4g}"), ("smoothed", "@smooth{%.4g}")]

Spans = Sequence[tuple[float, float]]


def loss_figure(
    run: Run,
    report: Report,
    *,
    look: Look = LIGHT,
    curve: str = "",
    log_y: bool | None = None,
    steps: tuple[int, int] | None = None,
    height: int = 280,
) -> Any:
    """Return the loss of a run as a Bokeh figure, or None where no loss was recorded.

    The envelope of all points, the trend, the plateau, points that are not finite, and the prior
    loss where it is known. `curve` is the colour of the loss; `log_y` None lets the values decide,
    and True holds only where every finite loss is above 0; `steps` limits the figure to a range.
    """
    loss = run.scalar(signals.LOSS)
    if loss is None or not len(loss):
        return None
    look = replace(look, curve=curve or look.curve)
    trend = smoothed(loss.values, span_of(len(loss)))
    loss, trend = _within(loss, trend, steps)
    points = bucketed(loss, trend)
    logarithmic = can_be_log(loss.values) if log_y is not False else False
    if log_y is None:
        logarithmic = logarithmic and _decades(points) > _DECADES
    prior = prior_loss(run)
    plot = _frame(points, prior, look, logarithmic=logarithmic, height=height)
    items = _bands(plot, loss, report, look)
    items += _lines(plot, points, prior, look)
    _legend(plot, items, look)
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


def _within(series: Series, trend: Floats, steps: tuple[int, int] | None) -> tuple[Series, Floats]:
    if steps is None:
        return series, trend
    start, end = np.searchsorted(series.steps, [steps[0], steps[1] + 1])
    cut = replace(
        series,
        steps=series.steps[start:end],
        wall_times=series.wall_times[start:end],
        values=series.values[start:end],
    )
    return (cut, trend[start:end]) if len(cut) else (series, trend)


def _decades(points: Curve) -> float:
    low, high = _extent(points.low, points.high)
    return float(np.log10(high / low)) if 0 < low < high else 0.0


def _extent(low: Floats, high: Floats) -> tuple[float, float]:
    finite = np.isfinite(low)
    return (float(low[finite].min()), float(high[finite].max())) if finite.any() else (0.0, 1.0)


def _frame(
    points: Curve, prior: float | None, look: Look, *, logarithmic: bool, height: int
) -> Any:
    first, last = float(points.first[0]), float(points.last[-1])
    pad = max((last - first) * 0.01, 0.5)
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        x_range=Range1d(first - pad, last + pad, name="steps"),
        y_range=_y_range(points, prior, logarithmic=logarithmic),
        y_axis_type="log" if logarithmic else "linear",
        tools="xbox_zoom,xpan",
        toolbar_location=None,
        output_backend="canvas",
        min_border_left=56,
        name="loss",
    )
    plot.toolbar.active_drag = plot.tools[0]
    plot.xaxis.axis_label = "step"
    plot.xaxis.formatter = BasicTickFormatter(use_scientific=False)
    _paint(plot, look)
    return plot


def _y_range(points: Curve, prior: float | None, *, logarithmic: bool) -> Range1d:
    low, high = _extent(points.low, points.high)
    if prior is not None and _is_near(prior, low, high, logarithmic=logarithmic):
        low, high = min(low, prior), max(high, prior)
    if logarithmic:
        pad = max((high / low) ** 0.05, 1.02)
        return Range1d(low / pad, min(high * pad, 1e308))
    # Halves first: the difference of two float64 near the limit is infinite.
    pad = max((high / 2 - low / 2) * 0.1, abs(high) * 0.005, 1e-12)
    return Range1d(low - pad, high + pad)


def _is_near(prior: float, low: float, high: float, *, logarithmic: bool) -> bool:
    """Return whether showing the prior leaves the curve at least half of the frame."""
    if logarithmic:
        return low / 10 < prior < high * 10
    reach = max(high - low, abs(high) * 0.05)
    return low - reach <= prior <= high + reach


def _paint(plot: Any, look: Look) -> None:
    plot.background_fill_color = plot.border_fill_color = look.paper
    plot.outline_line_color = look.rule
    plot.grid.grid_line_color = look.rule
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.axis_line_color = axis.major_tick_line_color = look.rule
        axis.minor_tick_line_color = None
        axis.major_label_text_color = axis.axis_label_text_color = look.ink
        axis.major_label_text_font = axis.axis_label_text_font = "Roboto, sans-serif"
        axis.major_label_text_font_size = axis.axis_label_text_font_size = "11px"
        axis.axis_label_text_font_style = "normal"


def _bands(plot: Any, loss: Series, report: Report, look: Look) -> list[tuple[str, list[Any]]]:
    """Draw what lies behind the curve; return the legend's entries."""
    items: list[tuple[str, list[Any]]] = []
    if report.flat is not None:
        band = _strips(plot, [report.flat], look.flat, name="flat", alpha=0.16)
        band.glyph.hatch_pattern = "/"
        band.glyph.hatch_color, band.glyph.hatch_alpha = look.flat, 0.35
        items.append(("plateau", [band]))
    bad = non_finite(loss)
    if bad:
        wide = [(first - 0.5, last + 0.5) for first, last in bad]
        items.append(("not finite", [_strips(plot, wide, look.bad, name="bad", alpha=0.5)]))
    focus = _strips(plot, [], look.focus, name="focus", alpha=0.22)
    items.append(("finding", [focus]))
    return items


def _strips(plot: Any, spans: Spans, colour: str, *, name: str, alpha: float) -> Any:
    source = ColumnDataSource(
        {
            "x0": np.array([first for first, _ in spans], np.float64),
            "x1": np.array([last for _, last in spans], np.float64),
        }
    )
    return plot.vstrip(
        x0="x0",
        x1="x1",
        source=source,
        name=name,
        fill_color=colour,
        fill_alpha=alpha,
        line_color=colour,
        line_alpha=min(1.0, alpha * 3),
        level="underlay",
    )


def _lines(
    plot: Any, points: Curve, prior: float | None, look: Look
) -> list[tuple[str, list[Any]]]:
    source = ColumnDataSource(_columns(points))
    single = bool(np.all(points.count == 1))
    if single:
        raw = plot.line("last", "mean", source=source, color=look.curve, alpha=0.35, name="raw")
    else:
        drawn = np.isfinite(points.low)
        area = ColumnDataSource(
            {"x": points.last[drawn], "low": points.low[drawn], "high": points.high[drawn]}
        )
        raw = plot.varea("x", "low", "high", source=area, color=look.curve, alpha=0.25, name="raw")
    line = plot.line("last", "smooth", source=source, color=look.curve, width=2, name="smooth")
    plot.add_tools(
        HoverTool(
            renderers=[line],
            mode="vline",
            line_policy="nearest",
            tooltips=_SINGLE if single else _TOOLTIPS,
            formatters={f"@{name}": "printf" for name in ("low", "high", "mean", "smooth")},
        )
    )
    items = [("loss" if single else "loss, lowest to highest", [raw]), ("trend", [line])]
    if prior is not None:
        level = plot.hspan(y=[prior], color=look.ink, line_dash="dashed", name="prior")
        items.append((signals.PRIOR_LOSS.label, [level]))
    return items


def _columns(points: Curve) -> dict[str, Any]:
    """Return the columns of the curve, as short as they may be: steps below 2^31 as int32."""
    small = int(np.abs([points.first[0], points.last[-1]]).max()) < 2**31
    kind = np.int32 if small else np.float64
    columns = {"first": points.first.astype(kind), "last": points.last.astype(kind)}
    for name in ("low", "high", "mean", "smooth"):
        columns[name] = getattr(points, name)
    return columns


def _legend(plot: Any, items: Sequence[tuple[str, list[Any]]], look: Look) -> None:
    legend = Legend(
        items=[LegendItem(label=label, renderers=drawn) for label, drawn in items[::-1]],
        orientation="horizontal",
        border_line_color=None,
        background_fill_alpha=0.0,
        label_text_color=look.ink,
        label_text_font="Roboto, sans-serif",
        label_text_font_size="11px",
        glyph_height=12,
        glyph_width=16,
        label_standoff=4,
        spacing=12,
        padding=0,
        margin=4,
    )
    plot.add_layout(legend, "above")
