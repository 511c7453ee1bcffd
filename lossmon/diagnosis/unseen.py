"""What examples cost that the training was kept from, pass by pass: see `lossmon run --hold-out`.

They are of the same data, and come by the same path in the same mode: all that sets their loss
apart is that nothing of them was learnt by heart. So what `stairs` works out is measured here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.stairs import AS_LOW, SIGMAS, Floats, Lines, Stairs, Steps, lines_of_passes
from lossmon.diagnosis.stats import ratio
from lossmon.diagnosis.validation import recorded
from lossmon.numfmt import fmt
from lossmon.signals import HOLD_OUT, VAL_LOSS, VAL_LOSS_ERROR

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

MOST = 1 << 53
"""Examples; nobody has as many, and a float counts no further."""
SHORT = 3
"""Batches that are learnt from in a pass, at least: their mean is all that is asked of them."""
BENDS = 4
"""Passes of which neighbours tell the error; of fewer the batches held out do."""
FEW = 3
"""Passes with a loss of what was held out; fewer have no course."""


@dataclass(frozen=True, slots=True)
class Unseen(Stairs):
    """Stairs whose `new` was measured: what a pass ends at is its mean here, `new` that of what was
    held out before and after it."""

    sampling: float
    """Standard error of `new` for being of these examples and no others."""

    changes: Floats
    """Standard errors of what was held out: of its change over each pass."""

    @property
    def best(self) -> int:
        """See `Stairs.best`."""
        error = AS_LOW.value * abs(self.lowest)
        return int(np.flatnonzero(self.new <= self.lowest + error)[0])

    @property
    def doubt(self) -> float:
        """See `Stairs.doubt`."""
        return self.sampling

    @property
    def before(self) -> float:
        """See `Stairs.before`; that these examples happen to be harder is no sign."""
        return float(self.new[self.best] - self.ends[self.best]) - self.sampling

    @property
    def largest(self) -> float:
        """0: whoever changes the task changes it for all examples."""
        return 0.0

    @property
    def error(self) -> float:
        """See `Stairs.error`: of the gaps of two passes, from how they differ from neighbours'.

        All passes are over the same examples, so which those are makes no difference.
        """
        gaps = self.new - self.ends
        if len(gaps) < BENDS:
            weights = np.ones(len(gaps) - self.best)
            weights[[0, -1]] = 0.5
            return float((weights * self.changes[self.best :]).sum())
        bends = gaps[2:] - 2 * gaps[1:-1] + gaps[:-2]
        # Neighbours share a value of what was held out: no factor, as of values of their own.
        return float(np.sqrt(np.square(bends).mean()))

    @property
    def seen(self) -> str:
        """See `Stairs.seen`: the first pass has no loss of what was held out before it."""
        return f"in pass {self.best + 2} the loss was"

    def evidence(self) -> Evidence:
        """Return that the loss falls for examples alone that come again."""
        change = float(self.new[-1] - self.new[self.best])
        found = float(ratio(np.array(self.height), np.array(self.error)))
        word = "rose" if change > 0 else "fell"
        reads = f"since then the loss has fallen by {fmt(self.fell, 2)} for examples that come "
        reads += f"again, while that of examples held out {word} by {fmt(abs(change), 2)}"
        first, last = int(self.starts[self.best + 1]), int(self.starts[-1]) - 1
        bound = fmt(SIGMAS.value * self.error, 2)
        return Evidence(
            VAL_LOSS.name, first, last, found, SIGMAS.value, reads, SIGMAS.source, bound
        )


def unseen(facts: Facts) -> Unseen | None:
    """Return the course of what was held out; None where nothing was, or for too few passes."""
    share = held_out(facts)
    lines = lines_of_passes(facts, SHORT) if share else None
    if lines is None:
        return None
    steps, values = recorded(facts.run)
    # Before the first step of a pass stands what the last one has left.
    at = np.searchsorted(steps, lines.starts[1:] - 1)
    are_there = at < np.searchsorted(steps, lines.starts[1:])
    # Up to the first that is missing: neighbours are held against each other.
    count = int(np.argmin(np.append(are_there, False)))
    if count < FEW:
        return None
    after = values[at[:count]]
    new = after[:-1] / 2 + after[1:] / 2
    return Unseen(
        starts=lines.starts[1 : count + 1],
        ends=lines.means[1:count],
        new=new,
        variances=np.zeros(count - 1),
        cooled=np.zeros(count - 1),
        sampling=_sampling(share, lines),
        changes=_changes(facts, steps[at[1:count]]),
    )


def _changes(facts: Facts, steps: Steps) -> Floats:
    """Return the errors recorded at these steps, NaN where there is none."""
    series = facts.run.scalar(VAL_LOSS_ERROR)
    if series is None or not len(series):
        return np.full(len(steps), np.nan)
    at = np.minimum(np.searchsorted(series.steps, steps), len(series) - 1)
    return np.where(series.steps[at] == steps, series.values[at], np.nan)


def held_out(facts: Facts) -> float:
    """Return how many examples were held out for one that was not; 0 where nothing was."""
    for mark in facts.run.marks:
        if mark.kind == HOLD_OUT:
            examples, of = mark.detail.get("examples"), mark.detail.get("of")
            if isinstance(examples, int) and isinstance(of, int) and 0 < examples < of < MOST:
                return examples / (of - examples)
    return 0.0


def _sampling(share: float, lines: Lines) -> float:
    """Return the standard error of the mean over as many batches as were held out."""
    batches = share * float(np.median(lines.counts))
    return float(np.sqrt(lines.squares.sum() / lines.counts.sum() / batches))
