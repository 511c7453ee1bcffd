"""What is drawn of a run: its loss, the plateau, the steps of the selected finding, events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lossmon import signals
from lossmon.diagnosis.finding import Finding
from lossmon.records import Floats, Run, Series
from lossmon.tui.across import across_axis, coordinates, place
from lossmon.tui.points import Points, condense, usual_span
from lossmon.tui.raster import Picture, Trace
from lossmon.tui.scale import Axis, value_axis
from lossmon.tui.sight import Axes, Focus, Range
from lossmon.tui.snapshot import RunView

DEFAULT, WHOLE = Axes(), Focus()
_DECADES = 3.0
"""A loss that spans more decades than this has a log axis unless asked otherwise."""
_EVENTS = ("resumed", "exception", "groups")
_MOST_EVENTS = 100


def picture_of(
    view: RunView,
    *,
    axes: Axes = DEFAULT,
    focus: Focus = WHOLE,
    finding: Finding | None = None,
    before: Axis | None = None,
    others: Sequence[Trace] = (),
) -> Picture | None:
    """Return what to draw, or None where no loss was recorded.

    `before` is the value axis in use.
    """
    points, loss = view.points, view.run.scalar(signals.LOSS)
    if points is None or loss is None:
        return None
    picture = picture_of_series(
        loss,
        points=points,
        axes=axes,
        focus=focus,
        growing=view.is_growing,
        before=before,
        others=others,
    )

    def placed(steps: Range | None) -> tuple[float, float] | None:
        if steps is None:
            return None
        return place(points, axes.x, steps[0]), place(points, axes.x, steps[1])

    return replace(
        picture,
        flat=placed(None if view.report is None else view.report.flat),
        shade=placed(None if finding is None else steps_of(finding)),
        events=tuple(place(points, axes.x, step) for step in _events(view.run)),
        guide=prior_loss(view.run),
    )


def picture_of_series(
    series: Series,
    *,
    points: Points | None = None,
    ruler: Points | None = None,
    axes: Axes = DEFAULT,
    focus: Focus = WHOLE,
    growing: bool = False,
    before: Axis | None = None,
    others: Sequence[Trace] = (),
) -> Picture:
    """Return a series of at least one point as a person looks at it.

    `points`: it whole, where that is known; `ruler`: the series that the horizontal axis is of.
    """
    whole = points or condense(series)
    ruler, shown = ruler or whole, whole
    if focus.window is not None or axes.smooth:
        span = max(round(usual_span(series) * 2.0**axes.smooth), 1)
        shown = condense(series, span=span, window=focus.window)
    x = across_axis(ruler, axes.x, growing=growing, window=focus.window)
    places = coordinates(ruler, axes.x, shown.steps)
    return Picture(
        points=shown,
        x=x,
        y=_value_axis(_in_view(shown, places, x), axes.log_y, before, others),
        places=places,
        cursor=None if focus.cursor is None else place(ruler, axes.x, focus.cursor),
        others=tuple(others),
    )


def steps_of(finding: Finding) -> Range:
    """Return the steps that a finding's evidence spans."""
    firsts = [one.first_step for one in finding.evidence] or [finding.since_step]
    lasts = [one.last_step for one in finding.evidence] or [finding.since_step]
    return min(firsts), max(lasts)


def prior_loss(run: Run) -> float | None:
    """Return the loss of the best constant prediction as last measured, or None."""
    if run.totals is None:
        return None
    values = run.totals.column(signals.PRIOR_LOSS).reshape(-1)
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else None


def _in_view(points: Points, places: Floats, x: Axis) -> tuple[Floats, Floats]:
    """Return lowest and highest values of the buckets on the axis, those without any left out."""
    known = ~np.isnan(points.low)
    inside = known & (places <= x.high) & (places >= x.low)
    known = inside if inside.any() else known
    return points.low[known], points.high[known]


def _value_axis(
    values: tuple[Floats, Floats], log: bool | None, before: Axis | None, others: Sequence[Trace]
) -> Axis:
    low = np.concatenate([values[0], *(one.values[np.isfinite(one.values)] for one in others)])
    if not len(low):
        return Axis(0.0, 1.0)
    least, most = float(low.min()), float(max(low.max(), values[1].max(initial=-np.inf)))
    positive = low[low > 0]
    if log is None:
        log = least > 0 and most / least > 10**_DECADES
    if log and len(positive):
        return value_axis(float(positive.min()), most, log=True, before=before)
    return value_axis(least, most, log=False, before=before)


def _events(run: Run) -> tuple[int, ...]:
    return tuple(mark.step for mark in run.marks if mark.kind in _EVENTS)[-_MOST_EVENTS:]
