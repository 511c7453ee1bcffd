"""The row above a chart: what is drawn, and what its signs mean. Only signs in use are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lossmon.numfmt import fmt, fmt_count, printable
from lossmon.signals import LOSS
from lossmon.tui.line import Line, Span, cells, ends, shorten
from lossmon.tui.snapshot import RunView
from lossmon.tui.words import last_loss

if TYPE_CHECKING:
    from lossmon.tui.raster import Picture, Trace

_NAME = 24
"""Columns that the name of another curve takes at most."""


def legend_line(
    view: RunView,
    picture: Picture | None,
    width: int,
    *,
    raw: str = "raw",
    cursor: int | None = None,
) -> Line:
    """Return the legend of a run's loss; signs for which there is no room are left out.

    `raw` names the tint between lowest and highest value, or the sign that stands for it. With a
    cursor, what lies under it is read out instead.
    """
    tag = printable(view.run.roles.get(LOSS.name, LOSS.tag), 40)
    spans: list[Span] = [("─ ", "rule"), (tag, "title")]
    if picture is None:
        return Line(tuple(spans))
    scale: list[Span] = [(_axes(picture), "key")]
    if cursor is not None:
        return ends([*spans, *_readout(picture, cursor)], scale, width)
    spans.append((f"  last {last_loss(view)}", ""))
    room = width - 1 - sum(cells(text) for text, _ in (*spans, *scale))
    for sign in _signs(view, picture, raw):
        taken = sum(cells(text) for text, _ in sign)
        if taken <= room:
            room -= taken
            spans += sign
    return ends(spans, scale, width)


def _axes(picture: Picture) -> str:
    across = "time" if picture.x.clock else "log step" if picture.x.log else ""
    return f"y: {'log' if picture.y.log else 'linear'} {f'x: {across} ' if across else ''}"


def _readout(picture: Picture, cursor: int) -> Iterator[Span]:
    """Yield step, lowest and highest value, average, and other curves, at the cursor."""
    points = picture.points
    at = min(int(points.steps.searchsorted(cursor)), len(points) - 1)
    low, high = fmt(float(points.low[at])), fmt(float(points.high[at]))
    yield "  ┊ ", "key"
    yield f"step {cursor}", "bold"
    yield f"  raw {low if low == high else f'{low} to {high}'}", ""
    if points.bad[at]:
        yield "  × nan/inf", "error"
    yield f"  mean {fmt(float(points.trend[at]))}", "curve"
    for other in picture.others:
        if picture.cursor is not None:
            row = int(other.places.searchsorted(picture.cursor, side="right")) - 1
            value = float(other.values[row]) if row >= 0 else float("nan")
            yield f"  {other.sign} {fmt(value)}", _style(other)


def _style(other: Trace) -> str:
    return f"other{other.ink - 8}" if other.ink >= 8 else "bold"


def _signs(view: RunView, picture: Picture, raw: str) -> Iterator[list[Span]]:
    """Yield the signs in use with their meaning, those that are seldom guessed first."""
    for other in picture.others:
        yield [(f"  {other.sign} {shorten(other.name, _NAME)}", _style(other))]
    if picture.points.bad.any():
        yield [("  ×", "error"), (" nan/inf", "dim")]
    if picture.shade is not None:
        yield [("  ", ""), ("▒", "shade"), (" evidence", "dim")]
    if picture.flat is not None:
        first, last = (view.report.flat if view.report is not None else None) or picture.flat
        yield [(f"  ░ flat {first}-{'now' if view.is_growing else last}", "dim")]
    guide = picture.guide
    if guide is not None and picture.y.low <= guide <= picture.y.high:
        yield [(f"  ╌ constant guess {fmt(guide, 3)}", "dim")]
    if picture.events:
        yield [("  ▼", "warning"), (" event", "dim")]
    if picture.points.span > 1:
        yield [("  ━", "curve"), (f" mean of {fmt_count(picture.points.span)}", "dim")]
    yield [("  ", ""), (raw, "range")]
