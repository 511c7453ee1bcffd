"""Whether the loss falls where a pass over the data ends and the next begins, and not within one.

What the inputs say of the labels lowers the loss of examples that were not seen for long as well:
within a pass it falls. What is learnt by heart shows where examples come again (Howard & Whitaker
2023, Can LLMs learn from a single example?): within a pass it stays, or rises as the examples are
those that were seen the longest ago (Toneva et al. 2019). So the falls within passes, added up,
tell where the loss of new examples is, as a validation loss would: it is `new` here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.schedule import main_rate, rate_at
from lossmon.diagnosis.stats import ratio
from lossmon.numfmt import fmt
from lossmon.signals import EPOCH, LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

SIGMAS = Threshold(3, "standard errors", "the usual 3 sigma")
AS_LOW = Threshold(
    0.05,
    "of the loss",
    "or one standard error, as Breiman et al. 1984 have it: no better is learnt",
)
ALONE = Threshold(
    0.8,
    "of the fall between passes",
    "calibration: 0.13-0.30 by heart, in 10-18 passes; 1 where a task was changed once",
)
PASSES = 3
"""Fewer whole passes have too few stairs between them."""
LOSSES = 16
"""A line through fewer losses of a pass says too little."""
ODD = 0.1
"""Passes whose lengths differ by more than that share are not over the same data."""
ORDERED = 5
"""Standard errors by which losses at one place of all passes agree where their order is fixed."""


@dataclass(frozen=True, slots=True)
class Stairs:
    """What lines through the losses of whole passes say; one value for each pass."""

    starts: Steps
    """First step of each, and the step after the last."""
    ends: Floats
    """The loss at its end."""
    new: Floats
    """What it would be then of examples that were never seen."""
    variances: Floats
    """Of what each added to `new`."""
    cooled: Floats
    """How much of the loss a lower learning rate may have taken away by its end, at most."""

    @property
    def lowest(self) -> float:
        """The lowest that `new` ever was."""
        return float(self.new.min())

    @property
    def best(self) -> int:
        """The first pass at the end of which `new` was as low as ever, within its error."""
        low = int(np.argmin(self.new))
        since = np.append(np.cumsum(self.variances[low:0:-1])[::-1], 0.0)
        error = np.maximum(np.sqrt(since), AS_LOW.value * abs(self.lowest))
        return int(np.flatnonzero(self.new[: low + 1] <= self.lowest + error)[0])

    @property
    def floor(self) -> float:
        """What `new` was at the best pass."""
        return float(self.new[self.best])

    @property
    def doubt(self) -> float:
        """Its standard error."""
        return float(np.sqrt(self.variances[: self.best + 1].sum()))

    @property
    def before(self) -> float:
        """How much lower the loss was at the best pass than that of new examples, at most."""
        error = float(np.sqrt(self.variances[1 : self.best + 1].sum()))
        return float(self.new[self.best] - self.ends[self.best]) + error

    @property
    def fell(self) -> float:
        """By how much the loss has fallen since."""
        return float(self.ends[self.best] - self.ends[-1])

    @property
    def height(self) -> float:
        """By how much it has fallen since from one pass to the next."""
        return float(self._falls.sum())

    @property
    def largest(self) -> float:
        """The largest part of `height` that came about between two passes."""
        return float(self._falls.max(initial=0.0))

    @property
    def _falls(self) -> Floats:
        return np.diff(self.new - self.ends - self.cooled)[self.best :]

    @property
    def error(self) -> float:
        """Standard error of `height`: of whole lines between the two passes, of halves in them."""
        # Half a line and the mean it goes through: a quarter, and a twelfth, of a line's variance.
        first = self.variances[self.best] / (3 if self.best else 1)
        between = self.variances[self.best + 1 : -1].sum()
        return float(np.sqrt(first + between + self.variances[-1] / 3))

    @property
    def seen(self) -> str:
        """The words before the loss at the best pass."""
        times = "once" if self.best == 0 else f"{self.best + 1} times"
        return f"when all examples had been seen {times} the loss was"

    def evidence(self) -> Evidence:
        """Return that the loss falls from one pass to the next."""
        rose = self.height - self.fell
        found = float(ratio(np.array(self.height), np.array(self.error)))
        word = "rose" if rose > 0 else "fell"
        reads = f"since then the loss has fallen by {fmt(self.height, 2)} where one pass over the "
        reads += f"data ended and the next began, and within passes it {word} by "
        reads += f"{fmt(abs(rose), 2)}: what lowers it is that examples come again"
        first, last = int(self.starts[self.best + 1]), int(self.starts[-1]) - 1
        bound = fmt(SIGMAS.value * self.error, 2)
        return Evidence(LOSS.name, first, last, found, SIGMAS.value, reads, SIGMAS.source, bound)


def stairs(facts: Facts) -> Stairs | None:
    """Return the stairs of the loss; None where passes are not known, or too few or too short.

    Also where every pass has the same order: its losses then tell which batches those are.
    """
    lines = lines_of_passes(facts)
    if lines is None or _is_ordered(lines):
        return None
    return Stairs(
        starts=lines.starts,
        ends=lines.ends,
        new=lines.ends[0] + np.append(0.0, np.cumsum(lines.changes[1:])),
        variances=np.append(lines.variances[0] / 3, lines.variances[1:]),
        cooled=_cooled(facts, lines.starts, lines.ends),
    )


def lines_of_passes(facts: Facts, least: int = LOSSES) -> Lines | None:
    """Return a line for each whole pass; None where passes are not known, or too few.

    Also where one of them has fewer than `least` losses, 3 or more.
    """
    starts = _whole_passes(facts)
    if starts is None:
        return None
    at = np.searchsorted(facts.loss_steps, starts)
    losses, first = facts.losses[at[0] : at[-1]], at - at[0]
    if np.diff(first).min() < least or not np.isfinite(losses).all():
        return None
    # In the first pass the loss falls fast, and then slowly: its second half is where it got to.
    half = first[1] // 2
    return Lines(starts, losses[half:], np.append(0, first[1:-1] - half))


class Lines:
    """A line through the losses of each pass; all at once, for there may be hundreds of passes."""

    def __init__(self, starts: Steps, losses: Floats, first: Steps) -> None:
        """`starts`: see `Stairs`; `first`: where each pass begins among the losses."""
        self.starts = starts
        self.first, self.counts = first, np.diff(np.append(first, len(losses)))
        place = (np.arange(len(losses)) - self._each(first) + 0.5) / self._each(self.counts) - 0.5
        self.means = self._sum(losses) / self.counts
        rest = losses - self._each(self.means)
        self.changes = self._sum(place * rest) / self._sum(np.square(place))
        self.ends = self.means + self.changes / 2
        self.rests = rest - self._each(self.changes) * place
        self.squares = self._sum(np.square(self.rests))
        self.variances = ratio(12 * self.squares, (self.counts - 2) * self.counts)
        """Of the changes; those of the ends are a third of it."""

    def _each(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, self.counts)

    def _sum(self, values: Floats) -> Floats:
        return np.add.reduceat(values, self.first)


def _whole_passes(facts: Facts) -> Steps | None:
    """Return the first step of each pass and the one after the last; None where not known."""
    series = facts.run.scalar(EPOCH)
    if series is None or len(series) < PASSES or facts.loss_counts.max(initial=1) > 1:
        return None
    starts = series.steps - 1  # it is told at the second step of each
    if not _are_counts(series.values):
        return None
    length = int(np.median(np.diff(starts)))
    if facts.last_step - starts[-1] + 1 >= length:
        starts = np.append(starts, starts[-1] + length)
    is_odd = np.abs(np.diff(starts) - length).max() > ODD * length
    if len(starts) <= PASSES or is_odd or starts[0] > facts.first_step + 1:
        return None
    return np.asarray(starts, np.int64)


def _are_counts(values: Floats) -> bool:
    """Return whether passes were counted, by each start of the training from 1 on.

    Other tools write shares of an epoch under this tag, or the same one many times.
    """
    begins_or_goes_on = (values == 1) | (np.diff(values, prepend=0) == 1)
    return bool(begins_or_goes_on.all() and values.max() >= PASSES)


def _is_ordered(lines: Lines) -> bool:
    """Return whether batches at the same place of each pass have losses that are high alike."""
    first, counts = lines.first[1:], lines.counts[1:]
    count = int(counts.min())
    rests = lines.rests[first[:, None] + np.arange(count)]
    spread = rests / np.maximum(np.sqrt(lines.squares[1:] / counts), 1e-300)[:, None]
    alike = float(spread.mean(axis=0).var()) * len(first)
    return bool(alike > 1 + ORDERED * np.sqrt(2 / (count - 2)))


def _cooled(facts: Facts, starts: Steps, ends: Floats) -> Floats:
    """Return how much lower learning rates may have lowered the loss by the end of each pass.

    What the noise of steps costs goes with the learning rate, and is less than the whole loss.
    """
    rate = main_rate(facts.run)
    if rate is None:
        return np.zeros(len(ends))
    inside = starts[:-1]
    before, after = rate_at(rate, inside[1:] - 1), rate_at(rate, inside[1:])
    cut = np.clip(1 - ratio(after, before), 0, 1)
    return np.concatenate((np.zeros(1), np.cumsum(np.nan_to_num(cut) * np.abs(ends[:-1]))))
