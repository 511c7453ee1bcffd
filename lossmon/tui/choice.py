"""Which of several runs to show where a person named none: the one in most trouble."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lossmon.diagnosis.engine import diagnose
from lossmon.records import Run
from lossmon.report.table import align
from lossmon.tui.line import cells, shorten
from lossmon.tui.plain import spans_text
from lossmon.tui.polling import view_of
from lossmon.tui.snapshot import RunView
from lossmon.tui.words import diagnosis, life_words, urgency

MOST = 8
"""Runs listed; the rest are counted."""
_LEAST_NAME = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a run while others are read."""

    name: str
    rank: tuple[int, float]
    """The least is shown: the most urgent, and of those the one written last."""
    diagnosis: str
    life: str


def entry(view: RunView) -> Entry:
    """Return the entry of a judged run."""
    rank = urgency(view), -view.run.last_wall
    return Entry(view.name, rank, spans_text(diagnosis(view)), " ".join(life_words(view)[:2]))


def worst(runs: Iterable[Run], now: float) -> tuple[RunView, list[Entry]]:
    """Return the run in most trouble, judged, and an entry for each: only one is kept in memory.

    Raises:
        ValueError: There are no runs.
    """
    chosen: tuple[Entry, RunView] | None = None
    entries = []
    for run in runs:
        view = replace(view_of((run.name, 0), run, None, now), report=diagnose(run))
        entries.append(entry(view))
        if chosen is None or entries[-1].rank < chosen[0].rank:
            chosen = entries[-1], view
    if chosen is None:
        raise ValueError("no runs")
    return chosen[1], entries


def listing(entries: Sequence[Entry], more: str, *, width: int = 80) -> list[str]:
    """Return a heading and a line a run, the worst first and marked; `more` lists the rest."""
    ordered = sorted(entries, key=lambda one: one.rank)
    taken = max(cells(f"  {one.diagnosis}  {one.life}") for one in ordered[:MOST]) + 3
    room = max(width - taken, _LEAST_NAME)
    rows = [
        ("▶" if number == 0 else " ", shorten(one.name, room), one.diagnosis, one.life)
        for number, one in enumerate(ordered[:MOST])
    ]
    rest = len(ordered) - MOST
    tail = [f"  … and {rest} more: {more}"] if rest > 0 else []
    return [f"{len(ordered)} runs; shown is the one in most trouble", *align(rows), *tail]
