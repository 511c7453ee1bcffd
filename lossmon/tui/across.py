"""Where steps lie on a horizontal axis: of steps, of a logarithm of steps, or of time."""

from __future__ import annotations

import numpy as np

from lossmon.records import Floats, Series, Steps
from lossmon.tui.points import Points, condense
from lossmon.tui.scale import Axis, log_step_axis, step_axis, time_axis
from lossmon.tui.sight import Focus, Range, XKind
from lossmon.tui.snapshot import RunView


def coordinates(ruler: Points, kind: XKind, steps: Steps) -> Floats:
    """Return where steps lie; `ruler`, a run's loss, tells when each of them was."""
    if kind != "time":
        return steps.astype(np.float64)
    return np.interp(steps, ruler.steps, ruler.times)


def ruler_of(view: RunView) -> Points | None:
    """Return the points that the horizontal axis of a run is of: its loss, else its samples."""
    table = view.run.parameters
    if view.points is not None or table is None or not len(table):
        return view.points
    return condense(Series("", table.steps, table.wall_times, np.zeros(len(table))), span=1)


def place(points: Points, kind: XKind, step: float) -> float:
    """Return where a step lies; between two recorded ones, in proportion."""
    if kind != "time":
        return float(step)
    return float(np.interp(step, points.steps, points.times))


def step_at(points: Points, kind: XKind, coordinate: float) -> int:
    """Return the step that lies at a place on the axis."""
    if kind != "time":
        return round(coordinate)
    return round(float(np.interp(coordinate, points.times, points.steps)))


def across_axis(points: Points, kind: XKind, *, growing: bool, window: Range | None) -> Axis:
    """Return the axis for what is in view."""
    first, last = window or (points.first_step, int(points.steps[-1]))
    if kind == "time":
        low, high = (place(points, kind, step) for step in (first, last))
        return time_axis(0.0 if window is None else low, high, growing=growing and window is None)
    if kind == "log":
        return log_step_axis(first, last)
    if window is not None:
        return Axis(first, max(last, first + 1))
    return step_axis(first, last, growing=growing)


def beside(
    points: Points, kind: XKind, focus: Focus, by: int, columns: int, *, growing: bool
) -> int:
    """Return the step that lies so many columns beside the cursor, at least one step away.

    Where there is no cursor yet, the newest step in view.
    """
    axis = across_axis(points, kind, growing=growing, window=focus.window)
    newest = int(points.steps[-1]) if focus.window is None else focus.window[1]
    if focus.cursor is None:
        return newest
    share = axis.share(place(points, kind, focus.cursor))
    column = int(share * columns) + by
    step = step_at(points, kind, axis.at(min(max((column + 0.5) / columns, 0.0), 1.0)))
    return max(step, focus.cursor + 1) if by > 0 else min(step, focus.cursor - 1)


def under(points: Points, kind: XKind, window: Range | None, share: float, *, growing: bool) -> int:
    """Return the step at a share of the axis."""
    axis = across_axis(points, kind, growing=growing, window=window)
    return step_at(points, kind, axis.at(min(max(share, 0.0), 1.0)))
