"""The loss of a run as far as it is in view: what a chart of one or of many runs draws.

Never more points than a chart has room for; a spike, and a point that is not finite, stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lossmon import signals
from lossmon.records import BucketRows, Floats, Run, Series
from lossmon.report.curve import Curve, bucketed, smoothed, span_of
from lossmon.report.xaxis import Across, Ruler, Span, ruler

_BUCKETS, _FEWEST_BUCKETS = 1200, 240
"""Points of a run's curve alone, and the fewest of each among many."""


@dataclass(frozen=True, slots=True)
class Other:
    """A run of the chart, and the colour that it has there."""

    run: Run
    curve: str


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A run's loss as far as it is in view."""

    number: int
    """From 1, in the order in which runs were named."""
    run: Run
    colour: str
    ruler: Ruler
    loss: Series
    points: Curve

    @property
    def x(self) -> Floats:
        """Place of each bucket on the axis."""
        return self.ruler.place(self.points.last)

    @property
    def extent(self) -> tuple[float, float] | None:
        """Lowest and highest finite loss; None where there is none."""
        finite = np.isfinite(self.points.low)
        if not finite.any():
            return None
        return float(self.points.low[finite].min()), float(self.points.high[finite].max())


def drawn(
    runs: Sequence[Other], *, across: Across, view: Span | None, smooth: float | None
) -> list[Drawn]:
    """Return those of the runs that have a loss; `smooth` None: smoothed as their length asks."""
    buckets = max(_BUCKETS // max(len(runs) // 2, 1), _FEWEST_BUCKETS)
    found = []
    for number, one in enumerate(runs, 1):
        loss = one.run.scalar(signals.LOSS)
        if loss is None or not len(loss):
            continue
        span = span_of(len(loss)) if smooth is None else 2.0 / max(1.0 - smooth, 1e-6) - 1.0
        scale = ruler(loss, across)
        part = _within(loss, scale, view)
        kept = cut(loss, part)
        points = bucketed(kept, smoothed(loss.values, span)[part], buckets=buckets)
        found.append(Drawn(number, one.run, one.curve, scale, kept, points))
    return found


def extent(curves: Sequence[Drawn]) -> tuple[float, float]:
    """Return the lowest and the highest finite loss of them all."""
    known = [one.extent for one in curves]
    ends = [pair for pair in known if pair is not None]
    if not ends:
        return 0.1, 1.0
    return min(low for low, _ in ends), max(high for _, high in ends)


def whole(curves: Sequence[Drawn]) -> Span:
    """Return the stretch of the axis that shows every point."""
    return reach([(one.loss, one.ruler) for one in curves])


def reach(losses: Sequence[tuple[Series, Ruler]]) -> Span:
    """Return the stretch of the axis that shows every point of some series, none of them empty."""
    ends = [scale.place([loss.first_steps[0], loss.steps[-1]]) for loss, scale in losses]
    first, last = min(float(pair[0]) for pair in ends), max(float(pair[1]) for pair in ends)
    pad = max((last - first) * 0.01, 0.5)
    return first - pad, last + pad


def cut(series: Series, part: slice) -> Series:
    """Return some rows of a series, with what stands behind those that are buckets."""
    behind = series.buckets
    if behind is not None:
        start, end = np.searchsorted(behind.rows, [part.start, part.stop])
        behind = BucketRows(behind.rows[start:end] - part.start, behind.table[start:end])
    return replace(
        series,
        steps=series.steps[part],
        wall_times=series.wall_times[part],
        values=series.values[part],
        buckets=behind,
        tail=None,
    )


def _within(series: Series, scale: Ruler, view: Span | None) -> slice:
    """Return the points in view, and one more on each side, so that lines lead out of it."""
    if view is None:
        return slice(0, len(series))
    places = scale.place(series.steps)
    start = int(np.searchsorted(places, view[0]))
    end = int(np.searchsorted(places, view[1], side="right"))
    return slice(max(start - 1, 0), end + 1)
