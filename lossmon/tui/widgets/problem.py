"""The row that is there only while what is shown may be behind: a lost connection, a bad disk."""

from __future__ import annotations

from lossmon.numfmt import printable
from lossmon.tui.line import fit, line
from lossmon.tui.snapshot import Snapshot
from lossmon.tui.widgets.lines import Lines


def show_problem(row: Lines, snapshot: Snapshot) -> None:
    """Show the row where there is a problem; without a run there is a whole screen for it."""
    text = printable(snapshot.problem)
    row.display = bool(text and snapshot.runs)
    if row.display:
        row.draw(lambda width, _: [line((fit(f" ! {text}", width), "warning"))])
