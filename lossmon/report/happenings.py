"""What happened to a training at a step: a jump of its learning rate, a resume, an exception.

In lossmon's own words and numbers alone; what a log says beyond those stays in the log.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossmon import signals
from lossmon.numfmt import fmt
from lossmon.records import Run, Series

MOST = 60
"""Happenings of a kind that are told; a rate that jumps more often is a schedule."""
_JUMP = 1.25
"""A rate that changes by this factor from one point to the next has jumped; warm-up steps of a
smooth schedule stay below it."""
_WORDS = {
    "resumed": "resumed",
    "exception": "ended by an exception",
    "dropped": "records dropped",
    signals.PROBE: "probe",
    signals.HOLD_OUT: "examples held out",
    signals.RANK_LOST: "a process was lost",
    signals.HYPERPARAMETERS: "hyper-parameters changed",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """Something at a step."""

    step: int
    kind: str
    """ "lr", or the kind of a mark."""
    reads: str


def happenings(run: Run) -> tuple[Happening, ...]:
    """Return all of them, ascending in step."""
    lr = run.scalar(signals.LR)
    found = [] if lr is None else _jumped(lr)
    for kind, words in _WORDS.items():
        marks = [mark for mark in run.marks if mark.kind == kind][:MOST]
        found += [Happening(mark.step, kind, words) for mark in marks if mark.step >= 0]
    return tuple(sorted(found, key=lambda one: one.step))


def jumps(lr: Series) -> list[int]:
    """Return the rows at which a learning rate is far from the one before."""
    before, after = np.abs(lr.values[:-1]), np.abs(lr.values[1:])
    upper, lower = np.fmax(before, after), np.fmin(before, after)
    rows: list[int] = np.flatnonzero((upper > lower * _JUMP) & np.isfinite(upper)).tolist()
    return [row + 1 for row in rows]


def _jumped(lr: Series) -> list[Happening]:
    rows = jumps(lr)
    if len(rows) > MOST:
        return []
    return [
        Happening(
            int(lr.steps[row]),
            "lr",
            f"lr {fmt(float(lr.values[row - 1]))} to {fmt(float(lr.values[row]))}",
        )
        for row in rows
    ]
