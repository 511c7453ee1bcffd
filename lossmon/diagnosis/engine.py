"""The verdict on a run, with its history: a fold over the run, not a memory of polls.

The rules are evaluated at fixed, geometrically growing steps (27 in a run of 10,000) and at
the last one. A report therefore depends on the log alone, however often it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lossmon import signals
from lossmon.diagnosis.evaluate import evaluate, worst
from lossmon.diagnosis.finding import SEVERITIES, HistoryEntry, Report, Severity
from lossmon.diagnosis.rules import load_rules
from lossmon.records import Run

FIRST_CHECKPOINT = 10
GROWTH = 1.3


def diagnose(run: Run, *, ignore: Sequence[str] = ()) -> Report:
    """Return the report on `run`; `ignore` silences rules by slug, and the report says so."""
    return Fold(ignore=ignore).advance(run)


class Fold:
    """Extends the history of one run as its log grows; gives what `diagnose` would give."""

    def __init__(self, *, ignore: Sequence[str] = ()) -> None:
        self._ignore = tuple(ignore)
        self._done = -1
        self._restart(None)

    def advance(self, run: Run) -> Report:
        """Return the report on `run`, which must be a later state of the run seen before."""
        start = _identity(run)
        if start != self._start or run.last_step < self._done:
            self._restart(start)
        for step in _checkpoints(self._done, run.last_step):
            if not _is_complete(run, step):
                break
            self._note(evaluate(run.until(step), load_rules(), ignore=self._ignore), step)
            self._done = step
        report = evaluate(run, load_rules(), ignore=self._ignore)
        history, _ = _changes(self._history, self._severities, report, run.last_step)
        return replace(report, history=history)

    def _restart(self, start: tuple[object, ...] | None) -> None:
        self._start = start
        self._done = -1
        self._history: tuple[HistoryEntry, ...] = ()
        self._severities: dict[str, Severity] = {}

    def _note(self, report: Report, step: int) -> None:
        self._history, self._severities = _changes(self._history, self._severities, report, step)


def _changes(
    history: tuple[HistoryEntry, ...], before: dict[str, Severity], report: Report, step: int
) -> tuple[tuple[HistoryEntry, ...], dict[str, Severity]]:
    """Return the history and the open findings after `report` on the state at `step`.

    A finding that its rule cannot judge any more is not resolved: it stays open, and is not told.
    """
    settled = {*report.clear, *report.overruled}
    now = {slug: s for slug, s in before.items() if slug not in settled} | worst(report)
    entries = list(history)
    for slug in sorted({*before, *now}):
        if slug not in now:
            entries.append(HistoryEntry(slug, "resolved", step))
        elif slug not in before:
            entries.append(HistoryEntry(slug, "opened", step))
        elif SEVERITIES.index(now[slug]) < SEVERITIES.index(before[slug]):
            entries.append(HistoryEntry(slug, "worsened", step))
    return tuple(entries), now


def _checkpoints(done: int, last: int) -> Iterator[int]:
    """Yield the fixed steps above `done` and below `last`."""
    step, previous = float(FIRST_CHECKPOINT), -1
    while round(step) < last:
        if round(step) > done and round(step) != previous:
            previous = round(step)
            yield previous
        step *= GROWTH


def _is_complete(run: Run, step: int) -> bool:
    """Return whether all that belongs to `step` has been read: wide records come a moment later."""
    totals = run.scalar(signals.TOTAL_GRAD_NORM)
    if run.parameters is None or totals is None or not len(run.parameters):
        return True
    at = int(np.searchsorted(totals.steps, step, side="right"))
    return at == 0 or int(run.parameters.steps[-1]) >= int(totals.steps[at - 1])


def _identity(run: Run) -> tuple[object, ...]:
    meta = run.meta
    if meta is not None:
        return (run.name, meta.run_id, meta.start_id)
    loss = run.scalar(signals.LOSS)
    if loss is None or not len(loss):
        return (run.name,)
    # A file of another writer that is replaced tells it by its first point at most.
    return (run.name, int(loss.steps[0]), float(loss.wall_times[0]))
