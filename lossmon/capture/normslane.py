"""Sampled steps of which norms alone are recorded, one after the other, at the least cost.

What `QuietLane` is to steps of which only scalars are recorded, this is to the steps of a small
plain model with `signals="norms"` and `every=1`: the same events, and a wide record for each. The
log says what it would say without a lane; what was noted of a step under way is handed back too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch.optim import Optimizer

from lossmon.capture.foreign import training_clock
from lossmon.capture.groups import held_count
from lossmon.capture.hyperparameters import watched
from lossmon.capture.log import RunLog
from lossmon.capture.plainnorms import PlainNorms, are_plain
from lossmon.capture.quiet import PASSED, SHORTEST_LANE, STEPPING, Owner, QuietLane, Write
from lossmon.capture.renewal import Renewal
from lossmon.capture.sampler import StepSampler
from lossmon.capture.samples import RUN_COLUMNS, Sample, blank
from lossmon.capture.schedule import Schedule
from lossmon.capture.stopwatch import Stopwatch
from lossmon.signals import OVERHEAD

SHORTEST_PAUSE, LONGEST_PAUSE = 16, 1024
"""Steps without a lane after one that something odd cut short; twice as many each time."""
_PASSES, _STEPS = RUN_COLUMNS["backwards"], RUN_COLUMNS["optimizer_steps"]


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the recorder keeps count with, and what it shares with its lanes."""

    log: RunLog
    schedule: Schedule
    stopwatch: Stopwatch
    renewal: Renewal
    sampler: StepSampler


class NormsLane(QuietLane):
    """See `QuietLane`; every step has a wide record."""

    __slots__ = ("_accounts", "_began_s", "_lanes", "_norms", "_options", "_steps_taken", "_totals")

    def __init__(
        self, owner: Owner, optimizer: Optimizer, write: Write, rates: Sequence[str], last: int,
        last_end: float, *, is_told: bool, lanes: NormsLanes, norms: PlainNorms, began_s: float,
        steps_taken: int,
    ) -> None:  # fmt: skip
        """`began_s`: when the run did, by its clock; `steps_taken`: of its optimizer."""
        super().__init__(owner, optimizer, write, rates, last, last_end, is_told=is_told)
        self._lanes = lanes
        self._accounts = lanes.accounts
        self._began_s = began_s
        self._norms = norms
        self._options = [watched(group) for group in optimizer.param_groups]
        self._steps_taken = steps_taken
        self._totals = blank(0)[1]
        self._totals[0, _PASSES] = 1

    def takes_step(self, optimizer: Optimizer) -> bool:
        """Take the beginning of an optimizer's step; note weights and gradients."""
        if self.stage != PASSED or self.optimizer() is not optimizer:
            return False
        accounts = self._accounts
        began = accounts.stopwatch.start()
        try:
            fits = self._norms.before(optimizer)
        # Whatever it is, the slow way knows what to say.
        except Exception:
            fits = False
        accounts.schedule.charge(accounts.stopwatch.since(began))
        if fits:
            self.stage = STEPPING
        return fits

    def takes_end(self, optimizer: Optimizer) -> bool:
        """Take the end of an optimizer's step; measure what it did."""
        now = training_clock()
        if self.stage != STEPPING or self.optimizer() is not optimizer:
            return False
        accounts = self._accounts
        began = accounts.stopwatch.start()
        try:
            if [watched(group) for group in optimizer.param_groups] != self._options:
                return False
            measured = self._norms.after()
        except Exception:
            return False
        self._note(optimizer.param_groups, now)
        self.values[OVERHEAD.tag] = 100 * accounts.schedule.spent_s / max(1e-9, now - self._began_s)
        self.values.update(measured)
        self._steps_taken += 1
        self._totals[0, _STEPS] = self._steps_taken
        self._end()
        accounts.schedule.spent(accounts.stopwatch.since(began))
        accounts.stopwatch.begin_step()
        return True

    def ended(self, steps: int) -> None:
        """Count the looks at the model that were taken here."""
        self._lanes.ended(self.first + steps, steps)

    def hand_over_step(self) -> None:
        """Give back what was noted before the step under way: the weights may have moved since."""
        self._accounts.sampler.go_back(self._norms.weights, self._norms.gradients)

    def sample(self) -> Sample:
        """Return the wide record of the step that waits for the loop's word."""
        held, table = self._norms.held, self._norms.table.copy()
        totals = self._totals.copy()
        return Sample(self.step, self._wall_time, table, totals, held, np.zeros_like(held))

    def _put(self) -> None:
        self._accounts.log.table(self.step, self._wall_time, self._norms.table, self._totals)
        super()._put()


class NormsLanes:
    """Begins the lanes of one recorder; not at once again where the last one was short."""

    def __init__(self, accounts: Accounts, began_s: float, *, wanted: bool) -> None:
        """`began_s`: when the run did, by its clock; `wanted`: whether only norms are recorded."""
        self.accounts = accounts
        self._began_s = began_s
        self._is_wanted = wanted and accounts.schedule.every == 1
        self._pause = SHORTEST_PAUSE
        self._not_before = 0

    def begin(
        self, owner: Owner, optimizer: Optimizer, steps_taken: int, last_end: float,
        *, is_told: bool,
    ) -> NormsLane | None:  # fmt: skip
        """Return a lane up to the step at which the model is walked again; None where none fits."""
        if not self._is_wanted or owner.step < self._not_before:
            return None
        accounts, held = self.accounts, held_count([optimizer])
        rows = accounts.renewal.rows
        length, ways = accounts.renewal.free_looks, accounts.log.quiet_ways()
        if length < SHORTEST_LANE or ways is None or not are_plain(rows):
            return None
        if not (accounts.renewal.is_known(held) and accounts.log.is_known(held)):
            return None
        return NormsLane(
            owner, optimizer, *ways, owner.step + length - 1, last_end, is_told=is_told,
            lanes=self, norms=PlainNorms(rows, optimizer), began_s=self._began_s,
            steps_taken=steps_taken,
        )  # fmt: skip

    def ended(self, step: int, steps: int) -> None:
        """Take note that a lane has ended at `step`, after so many steps."""
        self.accounts.renewal.looked(steps)
        if steps >= SHORTEST_LANE:
            self._pause = SHORTEST_PAUSE
            return
        self._not_before = step + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
