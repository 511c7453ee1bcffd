"""The loss of runs as a Bokeh plot: one and the same in the panel and in an HTML report.

A figure holds numbers and lossmon's own words, no text from a log: further runs are told apart by
their number. What a surface changes after drawing it finds by name: the renderer `focus`, whose
columns x0 and x1 are the shaded steps, and the range of the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Line, Scatter, VArea, VSpan

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.records import Run
from lossmon.report.curve import Curve, bucketed, non_finite
from lossmon.report.frame import Item, frame, legend, strips
from lossmon.report.happenings import Happening, happenings
from lossmon.report.look import LIGHT, Look
from lossmon.report.losscurve import Drawn, Other, drawn, extent, whole
from lossmon.report.xaxis import Across, Span

_DECADES = 3.0
"""A loss that spans more decades than this is drawn on a log axis unless asked otherwise."""
_DASHES = ("solid", "dashed", "dotted")
"""Of runs in turn: colours recur after seven, and some people do not see them."""
_VALIDATED = 60
"""Validation losses that get a sign each; more would hide the line."""
_SINGLE = [("step", "@last"), ("loss", "@low{%.4g}"), ("trend", "@smooth{%.4g}")]
_BUCKET = [
    ("steps", "@first to @last"),
    ("loss", "@low{%.4g} to @high{%.4g}"),
    ("trend", "@smooth{%.4g}"),
]


def loss_figure(
    run: Run,
    report: Report,
    *,
    look: Look = LIGHT,
    curve: str = "",
    log_y: bool | None = None,
    view: Span | None = None,
    height: int | None = 320,
    others: Sequence[Other] = (),
    across: Across = "step",
    smooth: float | None = None,
    left: int = 52,
    focus: Sequence[Span] = (),
) -> Any:
    """Return the loss of a run as a Bokeh plot, or None where no loss was recorded.

    Of `others` there are envelope and trend. `log_y` None lets the values decide, True holds only
    where every finite loss is above 0; `view` is in the unit of the axis `across`; `smooth` is the
    weight that a trend keeps from one point to the next, 0 to 1; `focus` are steps to shade.
    """
    runs = [Other(run, curve or look.curve), *others]
    curves = drawn(runs, across=across, view=view, smooth=smooth)
    if not curves or curves[0].number != 1:
        return None
    logarithmic = _is_log(runs, curves, log_y)
    y_range, main = _y_range(curves, logarithmic=logarithmic), curves[0]
    plot = frame(
        view or whole(curves), y_range, look, name="loss", log_y=logarithmic, across=across,
        height=height, left=left,
    )  # fmt: skip
    bands = _bands(plot, curves, report, look, focus)
    *_, lines = [_lines(plot, one, look, many=len(curves) > 1) for one in reversed(curves)]
    more = [*_validation(plot, main), *_prior(plot, run, look), *_events(plot, main, look)]
    return legend(plot, [*lines, *more, *bands], look)


def _is_log(runs: Sequence[Other], curves: Sequence[Drawn], asked: bool | None) -> bool:
    possible = asked is not False and all_can_be_log([one.run for one in runs])
    return possible and (asked is True or _decades(curves) > _DECADES)


def all_can_be_log(runs: Sequence[Run]) -> bool:
    """Return whether a log axis can show every finite loss, and there is one."""
    losses = [run.scalar(signals.LOSS) for run in runs]
    finite = [s.values[np.isfinite(s.values)] for s in losses if s is not None]
    lowest = [float(values.min()) for values in finite if len(values)]
    return bool(lowest) and min(lowest) > 0


def prior_loss(run: Run) -> float | None:
    """Return the loss of the best constant prediction as last measured, or None."""
    if run.totals is None:
        return None
    values = run.totals.column(signals.PRIOR_LOSS).reshape(-1)
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else None


def _decades(curves: Sequence[Drawn]) -> float:
    low, high = extent(curves)
    return float(np.log10(high / low)) if 0 < low < high else 0.0


def _y_range(curves: Sequence[Drawn], *, logarithmic: bool) -> Span:
    """Return the extent of the losses, and of what else is near enough to be seen with them."""
    low, high = ends = extent(curves)
    prior, validation = prior_loss(curves[0].run), curves[0].run.scalar(signals.VAL_LOSS)
    levels = [] if prior is None else [prior]
    if validation is not None and np.isfinite(validation.values).any():
        finite = validation.values[np.isfinite(validation.values)]
        levels += [float(finite.min()), float(finite.max())]
    for level in levels:
        if _is_near(level, *ends, logarithmic=logarithmic):
            low, high = min(low, level), max(high, level)
    if logarithmic:
        pad = max((high / low) ** 0.05, 1.02)
        return low / pad, min(high * pad, 1e308)
    # Halves first: the difference of two float64 near the limit is infinite.
    pad = max((high / 2 - low / 2) * 0.1, abs(high) * 0.005, 1e-12)
    return max(low - pad, -1.7e308), min(high + pad, 1.7e308)


def _is_near(level: float, low: float, high: float, *, logarithmic: bool) -> bool:
    """Return whether showing a level leaves the curve at least half of the frame."""
    if logarithmic:
        return low / 10 < level < high * 10
    reach = max(high - low, abs(high) * 0.05)
    return low - reach <= level <= high + reach


def _bands(
    plot: Any, curves: Sequence[Drawn], report: Report, look: Look, focus: Sequence[Span]
) -> list[Item]:
    """Draw what lies behind the curve."""
    items: list[Item] = []
    if report.flat is not None:
        hatch = {
            "hatch_pattern": "/",
            "hatch_color": look.flat,
            "hatch_alpha": 2 * look.shade_alpha,
        }
        hatch |= {"hatch_scale": 16, "hatch_weight": 0.5}
        spans = curves[0].ruler.spans([report.flat])
        flat = strips(plot, spans, look.flat, name="flat", alpha=look.shade_alpha, **hatch)
        items.append(("plateau", flat))
    bad = [span for one in curves for span in _not_finite(one)]
    if bad:
        hatch = {"hatch_pattern": "x", "hatch_color": look.bad, "hatch_alpha": 0.2}
        drawn_bad = strips(plot, bad, look.bad, name="bad", alpha=0.12, **hatch)
        items.append(("not finite", drawn_bad))
    places = curves[0].ruler.spans(focus)
    shaded = strips(plot, places, look.focus, name="focus", alpha=look.shade_alpha)
    return [*items, ("finding", shaded)] if report.findings else items


def _not_finite(one: Drawn) -> list[Span]:
    return one.ruler.spans([(first - 0.5, last + 0.5) for first, last in non_finite(one.loss)])


def _lines(plot: Any, one: Drawn, look: Look, *, many: bool) -> list[Item]:
    """Draw envelope and trend of a run; return what the legend says of them."""
    points = one.points
    source = ColumnDataSource(_columns(one))
    single = bool(np.all(points.count == 1))
    names = {"raw": "raw", "trend": "trend"} if one.number == 1 else {}
    if single:
        faint = Line(x="x", y="low", line_color=one.colour, line_alpha=look.raw_alpha)
        raw = plot.add_glyph(source, faint, name=names.get("raw"))
    else:
        area = VArea(
            x="x", y1="low", y2="high", fill_color=one.colour, fill_alpha=look.raw_alpha / 2
        )
        raw = plot.add_glyph(_seen(points, source), area, name=names.get("raw"))
    dash = _DASHES[(one.number - 1) % len(_DASHES)]
    thick = Line(x="x", y="smooth", line_color=one.colour, line_width=2, line_dash=dash)
    trend = plot.add_glyph(source, thick, name=names.get("trend"))
    which = [("run", str(one.number))] if many else []
    plot.add_tools(_hover(trend, which + (_SINGLE if single else _BUCKET)))
    return [("loss" if single else "loss, lowest to highest", raw), ("trend", trend)]


def _seen(points: Curve, source: ColumnDataSource) -> ColumnDataSource:
    """Return the columns without the buckets that hold no finite point: an area has no gaps."""
    seen = np.isfinite(points.low)
    if seen.all():
        return source
    return ColumnDataSource({name: source.data[name][seen] for name in ("x", "low", "high")})


def _hover(line: Any, tooltips: list[tuple[str, str]]) -> HoverTool:
    return HoverTool(
        renderers=[line],
        mode="vline",
        line_policy="nearest",
        tooltips=tooltips,
        formatters={f"@{name}": "printf" for name in ("low", "high", "smooth")},
    )


def _validation(plot: Any, one: Drawn) -> list[Item]:
    """Draw the validation loss of a run, with a sign for each where they are few."""
    series = one.run.scalar(signals.VAL_LOSS)
    if series is None or not np.isfinite(series.values).any():
        return []
    points = bucketed(series, series.values, buckets=400)
    source = ColumnDataSource({"x": one.ruler.place(points.last), "y": points.smooth})
    style = {"line_color": one.colour, "line_dash": "dotdash"}
    line = plot.add_glyph(source, Line(x="x", y="y", line_width=1.5, **style), name="validation")
    if len(points) <= _VALIDATED:
        sign = Scatter(
            x="x", y="y", marker="diamond", size=8, fill_color=one.colour, line_color=None
        )
        plot.add_glyph(source, sign)
    return [(signals.VAL_LOSS.label, line)]


def _prior(plot: Any, run: Run, look: Look) -> list[Item]:
    prior = prior_loss(run)
    if prior is None:
        return []
    level = HSpan(y=prior, line_color=look.ink, line_dash="dashed")
    return [(signals.PRIOR_LOSS.label, plot.add_glyph(ColumnDataSource(), level, name="prior"))]


def _events(plot: Any, one: Drawn, look: Look) -> list[Item]:
    """Draw a line where the rate jumps, and one where something happened to the run."""
    found = happenings(one.run)
    jumps = [happening for happening in found if happening.kind == "lr"]
    others = [happening for happening in found if happening.kind != "lr"]
    items: list[Item] = []
    for label, some, dash in (("lr change", jumps, "dashed"), ("event", others, "dotted")):
        if some:
            items.append((label, _verticals(plot, one, some, look, label, dash)))
    return items


def _verticals(
    plot: Any, one: Drawn, some: Sequence[Happening], look: Look, name: str, dash: str
) -> Any:
    places = one.ruler.place([happening.step for happening in some])
    reads = [f"{happening.reads} at step {happening.step:,}" for happening in some]
    source = ColumnDataSource({"x": places, "reads": reads})
    line = VSpan(x="x", line_color=look.ink, line_dash=dash, line_width=1.5)
    drawn_lines = plot.add_glyph(source, line, name=name)
    plot.add_tools(HoverTool(renderers=[drawn_lines], tooltips=[("", "@reads")]))
    return drawn_lines


def _columns(one: Drawn) -> dict[str, Any]:
    """Return the columns of the curve; steps as int32 where they fit, at half the size."""
    points = one.points
    kind = np.int32 if abs(int(points.last[-1])) < 2**31 else np.float64
    columns: dict[str, Any] = {
        "first": points.first.astype(kind),
        "last": points.last.astype(kind),
    }
    columns["x"] = one.x if len(one.ruler.steps) else columns["last"]
    for name in ("low", "high", "smooth"):
        columns[name] = getattr(points, name)
    return columns
