"""Two monitors on one training."""

from __future__ import annotations

from lossmon.capture.recorder import Recorder


def are_twins(first: Recorder, second: Recorder) -> bool:
    """Return whether both record one training: the same parameters, or some and one optimizer."""
    mine, theirs = ({id(row.tensor()) for row in r.start.rows} for r in (first, second))
    steppers = [set(map(id, recorder.holders.living())) for recorder in (first, second)]
    return bool(mine & theirs) and (mine == theirs or steppers[0] == steppers[1])
