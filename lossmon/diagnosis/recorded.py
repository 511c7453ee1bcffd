"""What a log says of a run, as rules read it: losses, sampled records, marks, and the window.

The window is the last max(200 steps, a quarter of the run), or what a short run has; in a log of
another writer at least the last 50 losses. All windows are in steps. Gaps are normal, and each part
of a log has its own: what is not known is NaN or left out here, and never guessed from a neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis.batches import Batches
from lossmon.diagnosis.layers import Layers
from lossmon.diagnosis.sampling import EARLY_ROWS as EARLY_ROWS
from lossmon.diagnosis.sampling import early_and_spread, in_blocks, most_rows, newest
from lossmon.diagnosis.stats import finite_mean
from lossmon.records import GroupInfo, ParameterInfo, Run, Table
from lossmon.signals import Signal

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

WINDOW_STEPS = 200
WINDOW_SHARE = 0.25
WINDOW_LOSSES = 50
"""Others log every 50th or 500th step, or count samples: a quarter of a run holds few losses."""
MAX_LOSSES = 1 << 20
"""Losses of a window that are looked at, or twice as many."""
FEW_LOSSES = 10
"""So many losses at least are averaged to say where the loss is now."""


@dataclass(frozen=True)
class Recorded:
    """A run, as recorded."""

    run: Run

    # -- the loss --------------------------------------------------------------------------

    @cached_property
    def loss_steps(self) -> Steps:
        """Steps at which the loss is recorded."""
        series = self.run.scalar(signals.LOSS)
        return np.zeros(0, np.int64) if series is None else series.steps

    @cached_property
    def losses(self) -> Floats:
        """The loss of every step, as recorded."""
        series = self.run.scalar(signals.LOSS)
        return np.zeros(0) if series is None else series.values

    @cached_property
    def loss_counts(self) -> Steps:
        """How many losses each entry of `losses` stands for: one each but in very long runs."""
        series = self.run.scalar(signals.LOSS)
        return np.zeros(0, np.int64) if series is None else series.counts

    @cached_property
    def n_steps(self) -> int:
        """Number of steps recorded: losses, or sampled records where those are more."""
        points = int(self.loss_counts.sum())
        return max(points, len(self.sampled_steps), len(self.total_steps))

    @cached_property
    def first_step(self) -> int:
        """First recorded step; 0 for an empty run."""
        layers = self.run.layers.steps if self.run.layers is not None else self.total_steps
        recorded = (self.loss_steps, self.sampled_steps, self.total_steps, layers)
        firsts = [int(steps[0]) for steps in recorded if len(steps)]
        return min(firsts, default=0)

    @property
    def last_step(self) -> int:
        """Last recorded step."""
        return self.run.last_step

    @cached_property
    def window(self) -> tuple[int, int]:
        """First and last step of the window, inclusive."""
        foreign = self.run.meta is None and len(self.loss_steps) > 0
        # Others count steps, samples and epochs in one log: there the loss sets the axis.
        last = int(self.loss_steps[-1]) if foreign else self.last_step
        length = max(WINDOW_STEPS, int(WINDOW_SHARE * (last - self.first_step + 1)))
        first = max(self.first_step, last - length + 1)
        return min(first, int(self.loss_steps[-WINDOW_LOSSES:][0])) if foreign else first, last

    @cached_property
    def window_losses(self) -> Floats:
        """Losses inside the window, a bucket's mean once for each of its points.

        Where they are more than a million or two, for each second one, or third, and so on.
        """
        first = int(np.searchsorted(self.loss_steps, self.window[0]))
        counts = self.loss_counts[first:]
        thinned = counts // (1 + int(counts.sum()) // MAX_LOSSES)
        return np.repeat(self.losses[first:], np.maximum(1, thinned))

    @cached_property
    def loss_window(self) -> tuple[int, int]:
        """First and last step of the window's losses; the window where it has none."""
        inside = self.loss_steps[np.searchsorted(self.loss_steps, self.window[0]) :]
        return (int(inside[0]), int(inside[-1])) if len(inside) else self.window

    @cached_property
    def is_loss_current(self) -> bool:
        """Whether the loss is recorded up to the window's second half.

        Otherwise a run may have gone anywhere since its last loss.
        """
        first, last = self.window
        return len(self.loss_steps) > 0 and 2 * int(self.loss_steps[-1]) >= first + last

    @cached_property
    def recent_losses(self) -> Floats:
        """The newest fifth of the window's losses: where the run has got to by now."""
        return self.window_losses[-max(FEW_LOSSES, len(self.window_losses) // 5) :]

    @cached_property
    def recent_loss(self) -> float:
        """Mean of the finite ones among `recent_losses`; NaN where there is none."""
        return finite_mean(self.recent_losses)

    @cached_property
    def first_loss(self) -> float:
        """The first finite loss: that of the untrained model.

        NaN where there is none, or where our own log lacks the losses that the run began with.
        """
        meta, finite = self.run.meta, np.flatnonzero(np.isfinite(self.losses[:EARLY_ROWS]))
        if not len(finite):
            return float("nan")
        late = meta is not None and self.loss_steps[finite[0]] >= meta.start_step + EARLY_ROWS
        return float("nan") if late else float(self.losses[finite[0]])

    # -- what was sampled --------------------------------------------------------------------

    @property
    def table(self) -> Table | None:
        """Parameter signals of the sampled steps."""
        return self.run.parameters

    @cached_property
    def sampled_steps(self) -> Steps:
        """Steps with a parameter record."""
        return self.table.steps if self.table is not None else np.zeros(0, np.int64)

    @cached_property
    def rows(self) -> Steps:
        """Indices of the records that speak for the window, see `newest`."""
        return newest(self.sampled_steps, self.window[0], self._most)

    @cached_property
    def total_steps(self) -> Steps:
        """Steps with a record of run-level signals."""
        table = self.run.totals
        return table.steps if table is not None else np.zeros(0, np.int64)

    @cached_property
    def total_rows(self) -> Steps:
        """Indices of the records of run-level signals that go with `rows`."""
        return newest(self.total_steps, self.window[0])

    @cached_property
    def sampled_window(self) -> tuple[int, int]:
        """First and last step of `rows`; the window where nothing was sampled."""
        if not len(self.rows):
            return self.window
        steps = self.sampled_steps[self.rows]
        return int(steps[0]), int(steps[-1])

    @cached_property
    def run_rows(self) -> Steps:
        """Indices of records over the whole run, the earliest ones included."""
        return early_and_spread(len(self.sampled_steps), self._most)

    @property
    def _most(self) -> int:
        return most_rows(self.table.values.shape[1] if self.table is not None else 1)

    def parameter(self, signal: Signal, rows: Steps) -> Floats:
        """Return shape (len(rows), parameters) of a parameter signal, not to be written to.

        NaN where a record is about another tensor, which has been replaced since.
        """
        if self.table is None:
            return np.zeros((0, len(self.parameters)))
        if rows is not self.rows and rows is not self.run_rows:
            return self._of_todays(self.table.column(signal, rows), rows)
        key = (signal.name, rows is self.rows)
        if key not in self._columns:
            self._columns[key] = self._of_todays(self.table.column(signal, rows), rows)
            self._columns[key].flags.writeable = False
        return self._columns[key]

    def _of_todays(self, column: Floats, rows: Steps) -> Floats:
        if len(self.sampled_steps) and (self.since > self.sampled_steps[0]).any():
            column[self.sampled_steps[rows][:, None] < self.since] = np.nan
        return column

    @cached_property
    def _columns(self) -> dict[tuple[str, bool], Floats]:
        """Columns read so far: several rules look at the same ones."""
        return {}

    def is_recorded(self, signal: Signal) -> bool:
        """Return whether a signal was measured at least once."""
        # Hashed in half the time of a signal itself: a report asks two thousand times.
        key = signal.scope, signal.name
        if key not in self._recorded:
            at_ends = signal.name in self._at_ends.get(signal.scope, ())
            self._recorded[key] = at_ends or _measured(self.run, signal, self._most)
        return self._recorded[key]

    @cached_property
    def _at_ends(self) -> dict[str, frozenset[str]]:
        """Names of the signals that the first or the last record of each table has, at once."""
        tables = {"parameter": self.table, "layer": self.run.layers, "run": self.run.totals}
        return {scope: _in_ends(table) for scope, table in tables.items() if table}

    @cached_property
    def _recorded(self) -> dict[tuple[str, str], bool]:
        return {}

    def total(self, signal: Signal, steps: Steps) -> Floats:
        """Return a run-level signal at `steps`; NaN where it was not sampled."""
        return self.totals((signal,), steps)[:, 0]

    def totals(self, wanted: Sequence[Signal], steps: Steps) -> Floats:
        """Return shape (len(steps), signals) of run-level signals; NaN where not sampled."""
        table = self.run.totals
        out = np.full((len(steps), len(wanted)), np.nan)
        if table is None or not len(table):
            return out
        at = np.minimum(np.searchsorted(table.steps, steps), len(table) - 1)
        hit = table.steps[at] == steps
        for place, signal in enumerate(wanted):
            out[hit, place] = table.column(signal, at[hit])[:, 0]
        return out

    def ever(self, signal: Signal) -> Floats:
        """Return a run-level signal in records over the whole run, the earliest ones included."""
        table = self.run.totals
        if table is None:
            return np.zeros(0)
        return table.column(signal, early_and_spread(len(table)))[:, 0]

    def loss_at(self, steps: Steps) -> Floats:
        """Return the loss at `steps`; NaN where it was not recorded."""
        out = np.full(len(steps), np.nan)
        if not len(self.loss_steps):
            return out
        at = np.minimum(np.searchsorted(self.loss_steps, steps), len(self.loss_steps) - 1)
        # A bucket's mean is not the loss of its last step.
        hit = (self.loss_steps[at] == steps) & (self.loss_counts[at] == 1)
        out[hit] = self.losses[at[hit]]
        return out

    @cached_property
    def batches(self) -> Batches:
        """What the criterion and the model were given."""
        return Batches(self.run, self.window[0])

    @cached_property
    def layers(self) -> Layers:
        """What the layers put out."""
        return Layers(self.run, self.window[0])

    def probe(self, name: str) -> Mapping[str, Any] | None:
        """Return what an experiment on a copy of the model found last; None where it was not run.

        From a log: nothing of it need be there, or be of the right type.
        """
        for mark in reversed(self.run.marks):
            if mark.kind == signals.PROBE and mark.detail.get("probe") == name:
                return mark.detail
        return None

    @cached_property
    def is_contested(self) -> bool:
        """Whether other trainings move what this loss depends on: generator and discriminator."""
        return any(mark.kind == signals.CONTESTED for mark in self.run.marks)

    # -- who is who --------------------------------------------------------------------------

    @property
    def parameters(self) -> tuple[ParameterInfo, ...]:
        """The rows of the parameter table."""
        return self.run.meta.parameters if self.run.meta is not None else ()

    @property
    def groups(self) -> tuple[GroupInfo, ...]:
        """Param groups of all optimizers that stepped."""
        return self.run.meta.groups if self.run.meta is not None else ()

    @cached_property
    def since(self) -> Steps:
        """First step at which each parameter was in its place; 0 for those of the beginning."""
        return np.array([p.since for p in self.parameters], np.int64)


def _measured(run: Run, signal: Signal, most: int) -> bool:
    if signal.scope == "scalar":
        series = run.scalar(signal)
        return series is not None and len(series) > 0
    table = {"parameter": run.parameters, "layer": run.layers, "run": run.totals}[signal.scope]
    if table is None or not len(table) or signal.name not in table.signals:
        return False
    rows = in_blocks(len(table)) if signal.scope == "run" else early_and_spread(len(table), most)
    return bool(np.isfinite(table.column(signal, rows)).any())


def _in_ends(table: Table) -> frozenset[str]:
    ends = np.isfinite(table.records(np.array([0, len(table) - 1])))
    return frozenset(name for at, name in enumerate(table.signals) if ends[:, :, at].any())
