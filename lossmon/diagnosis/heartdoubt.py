"""Whether the loss may fall by heart alone, and nobody can tell without a validation loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.floor import LEAST
from lossmon.diagnosis.rule import Undecided
from lossmon.diagnosis.stairs import LOSSES, Stairs, lines_of_passes, stairs
from lossmon.diagnosis.unseen import SHORT
from lossmon.diagnosis.validation import recorded
from lossmon.signals import HELD_OUT_LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

HOLD_OUT_CALL = "lossmon run --hold-out"
NEEDS = (
    "what lowers the loss may hold of these examples only: a validation loss tells, and where a "
    f"script has none, {HOLD_OUT_CALL} takes one"
)
PASSES = 6
"""In three there is a course, but next to nothing was learnt by heart: calibration, a hundredth."""
ERRORS = 2
"""Standard errors by which falls within passes must make up half of all."""


def doubt(facts: Facts) -> Undecided | None:
    """Return what would tell whether the loss falls by heart; None where that is known, or cannot.

    That is asked where it has fallen since all examples were seen, unless falls within passes make
    up half of that for sure. In short passes nobody sees any.
    """
    if facts.is_contested or len(recorded(facts.run)[1]) or _was_tried(facts):
        return None
    lines = lines_of_passes(facts, SHORT)
    if lines is None:
        return None
    made = facts.last_step + 1 - lines.starts[0]
    if made < PASSES * np.median(np.diff(lines.starts)):
        return None
    fell = float(lines.means[1] - lines.means[-1])
    prior = facts.constant_loss if facts.level.is_known else abs(float(lines.means[1]))
    # A mean has a twelfth of the variance of the change along its line.
    error = float(np.sqrt(lines.variances[[1, -1]].sum() / 12))
    if fell < max(LEAST.value * prior, ERRORS * error):
        return None
    if np.diff(lines.starts).min() < LOSSES:
        return Undecided(NEEDS)
    found = stairs(facts)
    return Undecided(NEEDS) if found is not None and _may_be_half(found) else None


def _was_tried(facts: Facts) -> bool:
    """Return whether nothing could be held out where that was wanted."""
    return any(mark.detail.get("collector") == HELD_OUT_LOSS for mark in facts.run.marks)


def _may_be_half(found: Stairs) -> bool:
    """Return whether half of what the loss fell by since the second pass may be learnt by heart."""
    fell = float(found.ends[1] - found.ends[-1])
    new = float(found.new[1] - found.new[-1])
    error = float(np.sqrt(found.variances[1:].sum()))
    return new - ERRORS * error <= fell / 2
