"""What rules share, computed once per evaluation and only when asked for.

The window is the last max(200 steps, a quarter of the run), or what a short run has; in a log of
another writer at least the last 50 losses. All windows are in steps. Gaps are normal, and each part
of a log has its own: what is not known is NaN or left out here, and never guessed from a neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis.level import Level, level
from lossmon.diagnosis.motion import Motion, motion
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.sampling import EARLY_ROWS as EARLY_ROWS
from lossmon.diagnosis.sampling import early_and_spread, newest
from lossmon.diagnosis.stats import filled, nan_range, ratio, root_sum_squares
from lossmon.diagnosis.trend import Trend, trend
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
SAME_NORM = 1e-5
"""Norms nearer than this, relatively, are equal."""
RECOVERY = Threshold(0.1, "of the loss", "above the untrained loss only a clear fall is progress")


@dataclass(frozen=True)
class Facts:
    """A run, seen by the rules."""

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
        recorded = (self.loss_steps, self.sampled_steps, self.total_steps)
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
    def first_loss(self) -> float:
        """The first finite loss: that of the untrained model.

        NaN where there is none, or where our own log lacks the losses that the run began with.
        """
        meta, finite = self.run.meta, np.flatnonzero(np.isfinite(self.losses[:EARLY_ROWS]))
        if not len(finite):
            return float("nan")
        late = meta is not None and self.loss_steps[finite[0]] >= meta.start_step + EARLY_ROWS
        return float("nan") if late else float(self.losses[finite[0]])

    @cached_property
    def trend(self) -> Trend:
        """Where the loss of the window is going."""
        finite = self.window_losses[np.isfinite(self.window_losses)]
        scale = float(np.abs(finite).mean()) if len(finite) else float("nan")
        prior = self.level.prior
        if np.isfinite(prior):
            scale = max(scale, prior)
        return trend(self.window_losses, scale=scale, reach=self.motion.reach)

    @property
    def is_improving(self) -> bool:
        """Whether the loss falls by more than the floor over the window.

        A loss that was thrown up, and is still above that of the untrained model, has to fall by a
        tenth: noise about a high level is no progress.
        """
        if self.trend.direction != "falling":
            return False
        recent = self.window_losses[-max(1, len(self.window_losses) // 10) :]
        below = not float(np.median(recent)) > self.first_loss
        return below or -self.trend.relative > RECOVERY.value

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
        return newest(self.sampled_steps, self.window[0])

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
        return early_and_spread(len(self.sampled_steps))

    def parameter(self, signal: Signal, rows: Steps) -> Floats:
        """Return shape (len(rows), parameters) of a parameter signal, not to be written to.

        NaN where a record is about another tensor, which has been replaced since.
        """
        if self.table is None:
            return np.zeros((0, 0))
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
        if signal not in self._recorded:
            self._recorded[signal] = _measured(self.run, signal)
        return self._recorded[signal]

    @cached_property
    def _recorded(self) -> dict[Signal, bool]:
        return {}

    def total(self, signal: Signal, steps: Steps) -> Floats:
        """Return a run-level signal at `steps`; NaN where it was not sampled."""
        table = self.run.totals
        out = np.full(len(steps), np.nan)
        if table is None or not len(table):
            return out
        at = np.minimum(np.searchsorted(table.steps, steps), len(table) - 1)
        hit = table.steps[at] == steps
        out[hit] = table.column(signal, at[hit])[:, 0]
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

    def names(self, mask: NDArray[np.bool_]) -> tuple[str, ...]:
        """Return the names of the parameters where `mask` holds, in model order."""
        return tuple(p.name for p, hit in zip(self.parameters, mask, strict=True) if hit)

    @cached_property
    def since(self) -> Steps:
        """First step at which each parameter was in its place; 0 for those of the beginning."""
        return np.array([p.since for p in self.parameters], np.int64)

    def seen_since(self, step: int) -> int:
        """Return the first sampled step from `step` on; the last one where there is none."""
        at = int(np.searchsorted(self.sampled_steps, step))
        return int(self.sampled_steps[min(at, len(self.sampled_steps) - 1)])

    def arrival(self, step: int, which: str) -> str:
        """Return half a sentence on parameters that came while the run trained; "" for others."""
        seen = f"; {which} were first seen in the model at step {step}"
        return seen if step > self.first_step else ""

    @cached_property
    def trainable(self) -> NDArray[np.bool_]:
        """Which parameters require a gradient."""
        return np.array([p.requires_grad for p in self.parameters], bool)

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """Which parameters require a gradient and are in an optimizer."""
        in_group = np.array([p.group >= 0 for p in self.parameters], bool)
        return np.asarray(self.trainable & in_group)

    @cached_property
    def matrices(self) -> NDArray[np.bool_]:
        """Which held parameters are weight matrices: two dimensions or more."""
        wide = np.array([len(p.shape) >= 2 for p in self.parameters], bool)
        return np.asarray(self.held & wide)

    @cached_property
    def arrived(self) -> Floats:
        """Per parameter, the mean share of backward passes that brought a gradient, whole run."""
        values = self.parameter(signals.GRAD_ARRIVED, self.run_rows)
        known = np.isfinite(values)
        counts = known.sum(axis=0)
        sums = np.where(known, values, 0.0).sum(axis=0)
        return ratio(sums, counts)

    @cached_property
    def moves(self) -> NDArray[np.bool_]:
        """Which parameters changed, by a step or by other means between steps.

        Also those that were not looked at twice: nobody knows that they stand still.
        """
        updates = self.parameter(signals.UPDATE_NORM, self.run_rows)
        norms = self.parameter(signals.WEIGHT_NORM, self.run_rows)
        low, high = nan_range(norms)
        # Sums of the same weights differ by rounding, by where they lie in memory.
        moved = (high - low > SAME_NORM * high) | (updates > 0).any(axis=0)
        known = np.isfinite(norms)
        if not known.all():
            broken = self.parameter(signals.WEIGHT_NONFINITE, self.run_rows)
            moved |= ((broken > 0) | np.isinf(norms)).any(axis=0)
        seen = (known | np.isfinite(updates)).sum(axis=0)
        return np.asarray(moved | (seen < 2))

    @cached_property
    def weight_norms(self) -> Floats:
        """‖w‖ over all held parameters, one value per record of `run_rows`.

        A parameter that a record does not measure has the norm that it had last. NaN before each
        of those that are ever measured has been.
        """
        norms = self.parameter(signals.WEIGHT_NORM, self.run_rows)[:, self.held]
        norms = norms[:, np.isfinite(norms).any(axis=0)]
        if not norms.shape[1]:
            return np.full(len(norms), np.nan)
        return np.asarray(np.linalg.norm(filled(norms), axis=1))

    # -- level and motion ----------------------------------------------------------------------

    @cached_property
    def level(self) -> Level:
        """How much of the prior's loss is explained."""
        return level(self)

    @cached_property
    def motion(self) -> Motion:
        """How the parameters move."""
        return motion(self)

    @cached_property
    def update_ratios(self) -> Floats:
        """‖Δw‖/‖w‖ over all held parameters, one value per record of `run_rows`."""
        held = self.held if self.held.any() else self.trainable
        update = self.parameter(signals.UPDATE_NORM, self.run_rows)[:, held]
        weight = self.parameter(signals.WEIGHT_NORM, self.run_rows)[:, held]
        weight = np.where(np.isnan(update), np.nan, weight)
        return ratio(root_sum_squares(update), root_sum_squares(weight))


def _measured(run: Run, signal: Signal) -> bool:
    if signal.scope == "scalar":
        series = run.scalar(signal)
        return series is not None and len(series) > 0
    table = {"parameter": run.parameters, "layer": run.layers, "run": run.totals}[signal.scope]
    if table is None or not len(table) or signal.name not in table.signals:
        return False
    rows = early_and_spread(len(table))
    return bool(np.isfinite(table.column(signal, rows)).any())
