"""The row above a chart: what is drawn, and what its signs mean. Only signs in use are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lossmon.numfmt import fmt, fmt_count, printable
from lossmon.signals import LOSS
from lossmon.tui.line import Line, Span, cells, ends
from lossmon.tui.snapshot import RunView
from lossmon.tui.words import last_loss

if TYPE_CHECKING:
    from lossmon.tui.raster import Picture


def legend_line(view: RunView, picture: Picture | None, width: int, *, raw: str = "raw") -> Line:
    """Return the legend of a run's loss; signs for which there is no room are left out.

    `raw` names the tint between lowest and highest value, or the sign that stands for it.
    """
    tag = printable(view.run.roles.get(LOSS.name, LOSS.tag), 40)
    spans: list[Span] = [("─ ", "rule"), (tag, "title")]
    if picture is None:
        return Line(tuple(spans))
    spans.append((f"  last {last_loss(view)}", ""))
    scale: list[Span] = [("y: log " if picture.y.log else "y: linear ", "key")]
    room = width - 1 - sum(cells(text) for text, _ in (*spans, *scale))
    for sign in _signs(view, picture, raw):
        taken = sum(cells(text) for text, _ in sign)
        if taken <= room:
            room -= taken
            spans += sign
    return ends(spans, scale, width)


def _signs(view: RunView, picture: Picture, raw: str) -> Iterator[list[Span]]:
    """Yield the signs in use with their meaning, those that are seldom guessed first."""
    if picture.points.bad.any():
        yield [("  ×", "error"), (" nan/inf", "dim")]
    if picture.shade is not None:
        yield [("  ", ""), ("▒", "shade"), (" evidence", "dim")]
    if picture.flat is not None:
        first, last = picture.flat
        yield [(f"  ░ flat {first}-{'now' if view.is_growing else last}", "dim")]
    guide = picture.guide
    if guide is not None and picture.y.low <= guide <= picture.y.high:
        yield [(f"  ╌ constant guess {fmt(guide, 3)}", "dim")]
    if picture.events:
        yield [("  ▼", "warning"), (" event", "dim")]
    yield [("  ━", "curve"), (f" mean of {fmt_count(picture.points.span)}", "dim")]
    yield [("  ", ""), (raw, "range")]
