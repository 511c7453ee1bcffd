"""What can be drawn below the loss: every other scalar of the run, those that explain it first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lossmon import layersignals, signals
from lossmon.numfmt import fmt, printable
from lossmon.records import Run, Series
from lossmon.tui.across import coordinates
from lossmon.tui.cells import Ink
from lossmon.tui.picture import picture_of_series
from lossmon.tui.points import condense
from lossmon.tui.raster import Picture, Trace
from lossmon.tui.scale import Axis
from lossmon.tui.sight import Axes, Focus
from lossmon.tui.snapshot import RunView

_FIRST = (signals.TOTAL_GRAD_NORM, signals.TOTAL_UPDATE_RATIO)
_TAG = 24
_WORST = "dead units, worst layer"


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A series below the loss, with its title."""

    title: str
    series: Series


def strips_of(run: Run) -> tuple[Strip, ...]:
    """Return the series that were recorded, the loss and the validation loss left out."""
    known = {run.roles.get(s.name, s.tag): s.label for s in signals.SCALARS}
    above = {run.roles.get(s.name, s.tag) for s in (signals.LOSS, signals.VAL_LOSS)}
    first = [run.roles.get(s.name, s.tag) for s in _FIRST]
    rates = sorted(tag for tag in run.series if tag.startswith(signals.LR.tag or ""))
    ours = {signals.OVERHEAD.tag, signals.DROPPED.tag}
    rest = sorted(
        run.series, key=lambda tag: (tag in ours, not tag.startswith("val/"), tag not in known)
    )
    dead = _dead(run)
    tags = dict.fromkeys([*first, *rates, *rest])
    strips = [
        Strip(known.get(tag) or printable(tag, _TAG), run.series[tag])
        for tag in tags
        if tag not in above and tag in run.series and len(run.series[tag])
    ]
    return (*strips[:2], dead, *strips[2:]) if dead is not None else tuple(strips)


def strip_picture(
    strip: Strip, view: RunView, axes: Axes, focus: Focus, before: Axis | None
) -> Picture:
    """Return a strip's picture on the horizontal axis of the run's loss."""
    picture = picture_of_series(
        strip.series,
        ruler=view.points,
        axes=replace(axes, log_y=None),
        focus=focus,
        growing=view.is_growing,
        before=before,
    )
    note = f"{strip.title} {fmt(_value_at(strip.series, focus.cursor), 3)}"
    return replace(picture, bare=True, note=note)


def validation(view: RunView, axes: Axes) -> tuple[Trace, ...]:
    """Return the curve of the validation loss, where it was recorded."""
    series = view.run.scalar(signals.VAL_LOSS)
    if series is None or not len(series) or view.points is None:
        return ()
    points = condense(series, span=1)
    places = coordinates(view.points, axes.x, points.steps)
    name = signals.VAL_LOSS.label
    return (Trace(places, points.trend, Ink.OTHER, "v", dashed=True, name=name),)


def _value_at(series: Series, step: int | None) -> float:
    """Return the newest value at a step, or the newest of all; NaN before the first."""
    if step is None:
        return float(series.values[-1])
    row = int(np.searchsorted(series.steps, step, side="right")) - 1
    return float(series.values[row]) if row >= 0 else float("nan")


def _dead(run: Run) -> Strip | None:
    """Return the largest share of dead units of a layer at each step at which it is known."""
    if run.layers is None or not len(run.layers):
        return None
    share = run.layers.column(layersignals.DEAD_SHARE)
    known = ~np.isnan(share).all(axis=1) if share.size else np.zeros(len(share), np.bool_)
    if not known.any():
        return None
    table = run.layers
    worst = np.nanmax(share[known], axis=1)
    series = Series(
        layersignals.DEAD_SHARE.name, table.steps[known], table.wall_times[known], worst
    )
    return Strip(_WORST, series)
