"""What a run's screen says on the log itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lossmon.diagnosis.finding import Report
from lossmon.tui.snapshot import RunView
from lossmon.tui.widgets.notes import note_count, note_lines


def test_dropped_records_are_noted(
    view: Callable[..., RunView], report: Callable[..., Report]
) -> None:
    whole, gaps = (view("a", None, replace(report(), dropped=n)) for n in (0, 12))
    assert (note_count(whole), note_count(gaps)) == (0, 1)
    (line,) = note_lines(gaps, 80, 5)
    assert "12 records were dropped while writing" in line.text
