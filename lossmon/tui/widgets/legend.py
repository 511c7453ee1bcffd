"""The row above a chart: what is drawn, and what its signs mean. Only signs in use are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossmon.numfmt import fmt_count, printable
from lossmon.signals import LOSS
from lossmon.tui.line import Line, Span, ends
from lossmon.tui.snapshot import RunView
from lossmon.tui.words import last_loss

if TYPE_CHECKING:
    from lossmon.tui.raster import Picture


def legend_line(view: RunView, picture: Picture | None, width: int, *, name: bool = False) -> Line:
    """Return the legend of a run's loss; `name` puts the run's name first."""
    tag = printable(view.run.roles.get(LOSS.name, LOSS.tag), 40)
    spans: list[Span] = [("─ ", "rule"), (tag, "title")]
    if name:
        spans.append((f"  {view.name}", "bold"))
    if picture is None:
        return Line(tuple(spans))
    spans.append((f"  last {last_loss(view)}", ""))
    signs = _signs(view, picture)
    scale: list[Span] = [("y: log " if picture.y.log else "y: linear ", "key")]
    whole = ends([*spans, *signs], scale, width)
    return whole if len(whole.spans) > len(spans) + len(signs) else ends(spans, scale, width)


def _signs(view: RunView, picture: Picture) -> list[Span]:
    spans: list[Span] = [("  ", ""), ("raw", "range")]
    spans += [("  ━", "curve"), (f" mean of {fmt_count(picture.points.span)}", "dim")]
    if picture.flat is not None:
        first, last = picture.flat
        end = "now" if view.is_growing else str(last)
        spans.append((f"  ░ flat {first}-{end}", "dim"))
    if picture.shade is not None:
        spans += [("  ▒", "shade"), (" evidence", "dim")]
    if picture.points.bad.any():
        spans += [("  ×", "error"), (" nan/inf", "dim")]
    if picture.events:
        spans += [("  ▼", "warning"), (" event", "dim")]
    return spans
