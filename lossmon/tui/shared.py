"""The losses of several runs in one picture: the chosen one before the marked ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lossmon.tui.across import across_axis, coordinates
from lossmon.tui.picture import picture_of
from lossmon.tui.raster import Ink, Picture, Trace
from lossmon.tui.runlist import BASELINE, Choice
from lossmon.tui.scale import Axis
from lossmon.tui.sight import Axes, XKind
from lossmon.tui.snapshot import RunView


def shared_picture(
    view: RunView, views: Sequence[RunView], choice: Choice, axes: Axes, before: Axis | None
) -> Picture | None:
    """Return the loss of `view`, and of all that are marked, on axes that hold all of them."""
    others = [one for one in _drawn(views, choice) if one.key != view.key]
    picture = picture_of(
        view, axes=axes, before=before, others=[_trace(one, choice, axes.x) for one in others]
    )
    if picture is None or not others:
        return picture
    return replace(picture, x=_spanning([view, *others], axes.x))


def _drawn(views: Sequence[RunView], choice: Choice) -> list[RunView]:
    """Return the marked runs, the baseline first: what comes later is drawn over it."""
    known = {view.key: view for view in views if view.points is not None}
    keys = ([choice.baseline] if choice.baseline else []) + list(choice.marks)
    return [known[key] for key in dict.fromkeys(keys) if key in known]


def _trace(view: RunView, choice: Choice, kind: XKind) -> Trace:
    points, sign = view.points, choice.sign(view.key)
    assert points is not None
    number = choice.marks.index(view.key) if view.key in choice.marks else 0
    ink = Ink.NONE if sign == BASELINE else Ink.OTHER + number
    places = coordinates(points, kind, points.steps)
    return Trace(places, points.trend, ink, sign, dashed=sign == BASELINE, name=view.name)


def _spanning(views: Sequence[RunView], kind: XKind) -> Axis:
    """Return the axis that holds all runs; one that grows is given its room."""
    axes = [
        across_axis(view.points, kind, growing=view.is_growing, window=None)
        for view in views
        if view.points is not None
    ]
    low, high = min(axis.low for axis in axes), max(axis.high for axis in axes)
    return replace(axes[0], low=low, high=high)
