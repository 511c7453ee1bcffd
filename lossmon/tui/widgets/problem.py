"""The rows that are there only while what is shown may be behind: a lost connection, a bad disk."""

from __future__ import annotations

from textwrap import wrap

from lossmon.numfmt import printable
from lossmon.tui.line import Line, fit, line
from lossmon.tui.snapshot import Snapshot
from lossmon.tui.widgets.lines import Lines

_MOST_ROWS = 2


def show_problem(rows: Lines, snapshot: Snapshot) -> None:
    """Show the rows where there is a problem; without a run there is a whole screen for it."""
    text = printable(snapshot.problem)
    rows.display = bool(text and snapshot.runs)
    if rows.display:
        rows.styles.height = len(problem_lines(text, rows.screen.size.width))
        rows.draw(lambda width, _: problem_lines(text, width))


def problem_lines(text: str, width: int) -> list[Line]:
    """Return the problem in as many rows as it needs, two at most."""
    parts = wrap(text, max(width - 4, 10), max_lines=_MOST_ROWS, placeholder=" …")
    return [
        line((fit(f" {' ' if row else '!'} {part}", width), "warning"))
        for row, part in enumerate(parts)
    ]
