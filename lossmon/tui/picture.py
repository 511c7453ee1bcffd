"""What is drawn of a run: its loss, the plateau, the steps of the selected finding, events."""

from __future__ import annotations

import numpy as np

from lossmon import signals
from lossmon.diagnosis.finding import Finding
from lossmon.records import Run
from lossmon.tui.points import Points
from lossmon.tui.raster import Picture, Range
from lossmon.tui.scale import Axis, step_axis, value_axis
from lossmon.tui.snapshot import RunView

_DECADES = 3.0
"""A loss that spans more decades than this has a log axis unless asked otherwise."""
_EVENTS = ("resumed", "exception", "groups")
_MOST_EVENTS = 100


def picture_of(
    view: RunView,
    *,
    log: bool | None = None,
    finding: Finding | None = None,
    before: Axis | None = None,
) -> Picture | None:
    """Return what to draw, or None where no loss was recorded.

    `log` None lets the values decide; True holds only where some value is above 0. `before` is the
    value axis in use.
    """
    points = view.points
    if points is None:
        return None
    return Picture(
        points=points,
        x=step_axis(points.first_step, int(points.steps[-1]), growing=view.is_growing),
        y=_value_axis(points, log, before),
        flat=None if view.report is None else view.report.flat,
        shade=None if finding is None else steps_of(finding),
        events=_events(view.run),
        guide=prior_loss(view.run),
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


def _value_axis(points: Points, log: bool | None, before: Axis | None) -> Axis:
    low, high = points.low[~np.isnan(points.low)], points.high[~np.isnan(points.high)]
    if not len(low):
        return Axis(0.0, 1.0)
    least, most = float(low.min()), float(high.max())
    positive = low[low > 0]
    if log is None:
        log = least > 0 and most / least > 10**_DECADES
    if log and len(positive):
        return value_axis(float(positive.min()), most, log=True, before=before)
    return value_axis(least, most, log=False, before=before)


def _events(run: Run) -> tuple[int, ...]:
    return tuple(mark.step for mark in run.marks if mark.kind in _EVENTS)[-_MOST_EVENTS:]
