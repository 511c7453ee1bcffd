"""Whether a run still trains, judged by the times in its log; the only use of a clock on a Run."""

from __future__ import annotations

from typing import Literal

import numpy as np

from lossmon import signals
from lossmon.records import Mark, Run

Liveness = Literal["live", "stalled", "dead", "finished", "unknown"]

ALIVE_EVERY_S = 15.0
SILENT_S = 60.0
"""Four heartbeats: a log silent for longer belongs to a process that is gone, or frozen."""
MISSED_S = 2 * ALIVE_EVERY_S
"""Two heartbeats have not come: nothing is sure yet, but no longer as it should be."""
_STALL_STEPS = 20
_RECENT_STEPS = 200


def liveness(run: Run, now: float) -> Liveness:
    """Return the state of the run at wall time `now`.

    finished: it was closed. dead: an exception ended it, or its log fell silent. stalled: the
    process writes heartbeats, and no step came for the longer of 60 s and 20 median steps.
    unknown: a silent log of another writer, which may have ended or not.
    """
    silent = now - run.last_wall > SILENT_S
    if run.meta is None:
        return "unknown" if silent else "live"
    end = _end(run)
    if end is not None:
        return "finished" if end.kind == "closed" else "dead"
    if silent:
        return "dead"
    return "stalled" if _is_stalled(run, now) else "live"


def silence(run: Run, now: float) -> float:
    """Return for how many seconds a run that counts as living has written nothing.

    0 until two heartbeats are missed, and for logs of other writers, which have none.
    """
    quiet = now - run.last_wall
    living = quiet > MISSED_S and run.meta is not None
    return quiet if living and liveness(run, now) in ("live", "stalled") else 0.0


def _end(run: Run) -> Mark | None:
    """Return the mark that ended the newest start; an exception outweighs the close after it."""
    last: Mark | None = None
    for mark in run.marks:
        if mark.kind == "resumed":
            last = None
        elif mark.kind == "exception" or (mark.kind == "closed" and last is None):
            last = mark
    loss = run.scalar(signals.LOSS)
    if last is not None and loss is not None and len(loss):
        went_on = float(loss.wall_times[-1]) > last.wall_time + 1.0
        return None if went_on else last
    return last


def _is_stalled(run: Run, now: float) -> bool:
    loss = run.scalar(signals.LOSS)
    if loss is None or len(loss) < 2:
        return False
    recent = loss.wall_times[-_RECENT_STEPS:]
    median = float(np.median(np.diff(recent)))
    return now - float(recent[-1]) > max(SILENT_S, _STALL_STEPS * median)
