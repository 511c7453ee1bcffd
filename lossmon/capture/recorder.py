"""One training, step by step: decides what is a step, samples it, and hands it to the log.

A step is one `optimizer.step()`; optimizers that step one after the other, without a backward pass
between them, make one step together (`Cycle`). Where no optimizer has ever stepped, a backward pass
counts as a step (`Ticks`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon.capture.accumulation import Accumulation
from lossmon.capture.activations import activation_meter
from lossmon.capture.batches import LONG_STEP_S
from lossmon.capture.criterion import CriterionHook
from lossmon.capture.cycle import Cycle
from lossmon.capture.epochs import Epochs
from lossmon.capture.foreign import training_clock
from lossmon.capture.groups import Holders, held_count, lr_numbers
from lossmon.capture.layout import capturing, renewed
from lossmon.capture.log import RunLog
from lossmon.capture.normslane import Accounts, NormsLanes
from lossmon.capture.passes import Passes
from lossmon.capture.quiet import PASSED, SHORTEST_LANE, STEPPED, STEPPING, QuietLane
from lossmon.capture.renewal import Renewal
from lossmon.capture.sampler import StepSampler
from lossmon.capture.samples import RUN_COLUMNS, Sample
from lossmon.capture.scalars import Line, held_loss, told_loss
from lossmon.capture.schedule import Schedule
from lossmon.capture.start import Start
from lossmon.capture.stopwatch import Stopwatch
from lossmon.capture.ticks import Losses, Ticks
from lossmon.capture.transfer import Transfer
from lossmon.signals import CONTESTED, OVERHEAD, STEP_MS

NO_LANE = -1


class Recorder:
    """Records the training of one set of parameters; told of events by `Routes`, never raises."""

    def __init__(
        self,
        start: Start,
        optimizers: Iterable[Optimizer],
        *,
        schedule: Schedule,
        criterion: CriterionHook,
        train_mode: Callable[[], bool],
        waits_for_user: bool,
        modules: Sequence[nn.Module] = (),
        activations_every: int | None = None,
        norms_only: bool = False,
    ) -> None:
        """`modules`, `norms_only`: see `StepSampler`, `activations_every`: `ActivationMeter`."""
        self.start = start
        self.holders = Holders(optimizers)
        self.pending = 0
        """Backward passes since the last step."""
        self.step = start.step
        """Number of the step under way."""
        self._transfer = transfer = Transfer()
        self.log = RunLog(start, self.holders, transfer)
        self.guard = self.log.guard
        self.accumulation = Accumulation()
        self._schedule = schedule
        schedule.record_bytes = start.record_bytes
        self._stopwatch = Stopwatch()
        self._user_reports: bool | None = None if waits_for_user else False
        self._user_gives_loss = False
        self._sampler = StepSampler(
            start.rows,
            self.holders,
            criterion=criterion,
            train_mode=train_mode,
            transfer=transfer,
            guard=self.guard,
            modules=modules,
            activations=activation_meter(start.layers, activations_every, self.log, transfer),
            norms_only=norms_only,
        )
        self._renewal = Renewal(start.rows, start.scan or (lambda: renewed(self.start.rows)))
        accounts = Accounts(self.log, schedule, self._stopwatch, self._renewal, self._sampler)
        self._lanes = NormsLanes(accounts, start.clock, wanted=norms_only)
        self._losses: Losses = []
        self._given: Losses = []
        self._ticks = Ticks()
        self._own_steps: dict[int, int] = {}
        self._steps_taken = 0
        self._passes = Passes()
        self._epochs = Epochs()
        self._cycle: Cycle | None = None
        self.kept: list[Cycle] | None = None
        """The steps so far of a run on trial, see `TrialRecorder`; None for any other."""
        self._closed = False
        self._last_end: float | None = None
        self._step_s = 0.0
        self._sampling = schedule.samples(self.step)

    def backward_begins(self, roots: Sequence[Tensor], loss: Tensor | None) -> None:
        """Read the loss and the criterion before the graph is freed."""
        if capturing():
            return
        cycle = self._cycle
        if cycle is not None and cycle.is_open:
            # A whole step went by without a word from the loop: the root's value is the loss.
            self._user_reports = bool(self._user_reports)
            if cycle.words or not self._user_reports:
                self.end_cycle()
        if self.pending and not self._steps_taken and not self._passes.in_step:
            self.guard.run("ticks", self._tick)
        self.pending += 1
        tells = loss is not None and not self._user_gives_loss
        self._losses.append(self.guard.run("loss", held_loss, loss) if tells else None)
        if tells:
            self.guard.run("accumulation", self.accumulation.look, roots[0], loss)
        if self._sampling:
            began = self._stopwatch.start()
            self._sampler.backward_begins(roots, self.step)
            self._schedule.charge(self._stopwatch.since(began))

    def backward_ended(self, scale: Tensor | None) -> None:
        """Count the gradients that arrived, and measure them before anybody clips them."""
        if not self._sampling or capturing():
            return
        self._sampler.backward_ended()
        if self._passes.ended(self.pending, scale):
            began = self._stopwatch.start()
            self.guard.run("unclipped", self._sampler.unclipped, self._passes.scale, self.step)
            self._schedule.charge(self._stopwatch.since(began))

    def step_begins(self, optimizer: Optimizer) -> None:
        """Note weights and gradients before the update."""
        self._passes.in_step = True
        joined = None if self.pending else self._joined(optimizer)
        if not (self._sampling if joined is None else joined.sampled) or capturing():
            return
        began = self._stopwatch.start()
        if joined is None:
            self.guard.run("parameters", self.renew)
        self.guard.run("updates", self._before, optimizer, joined)
        self._schedule.charge(self._stopwatch.since(began))

    def step_ended(self, optimizer: Optimizer) -> None:
        """Measure what the optimizer did; begin a new step unless it joins the one just made."""
        self._passes.in_step = False
        if capturing():
            return
        now = training_clock()
        self._take_back_ticks()
        self._steps_taken += 1
        lane = self.holders.add(optimizer)
        own_step = self._own_steps[lane] = self._own_steps.get(lane, -1) + 1
        joined = None if self.pending else self._joined(optimizer)
        if joined is None:
            self._passes.behind(lane, self.pending)
        cycle = joined or self._new_cycle(now, optimizer)
        sample = None
        if cycle.sampled:
            began = self._stopwatch.start()
            sample = self.guard.run("updates", self._after, optimizer, lane, own_step, joined)
            taken = self._stopwatch.since(began) + self._sampler.take_cost()
            self._schedule.spent(taken, joins=joined is not None)
        if joined is None:
            cycle.sample = sample
            self._advance(now, optimizer)
        else:
            cycle.join(id(optimizer), sample)
            if self._sampling:
                self._sampler.used(optimizer)
        if self._transfer.is_flying:
            self.guard.run("updates", self._transfer.poll)
        if (cycle.is_told or self._user_reports is False) and len(self.holders) == 1:
            # Nobody else can join it.
            self.end_cycle()

    def renew(self) -> bool:
        """Go on with parameters that were replaced, added or frozen; return whether any were."""
        held = held_count(self.holders.living())
        step = self.step if self._steps_taken else 0
        if self.kept is not None or (rows := self._renewal.look(held, step)) is None:
            return False
        self.end_cycle()
        self._ticks.forget_samples()
        self.start = replace(self.start, rows=rows)
        self._sampler.renew(rows)
        self.log.renew(self.start, self.step)
        return True

    def give_up(self, chosen: Sequence[bool]) -> Losses:
        """Forget the chosen passes since the last step, or all where that does not fit."""
        self._take_back_ticks()
        if not self.pending == len(self._losses) == len(chosen):
            chosen = [True] * len(self._losses)
        given = [loss for loss, gone in zip(self._losses, chosen, strict=True) if gone]
        self._losses = [loss for loss, gone in zip(self._losses, chosen, strict=True) if not gone]
        self.pending = len(self._losses)
        self._sampler.forget()
        return given

    def take_over(self, losses: Losses) -> None:
        """Count backward passes that were told to another recorder."""
        self._sampler.forget_gradients()
        self.pending += len(losses)
        self._losses = [*self._losses, *losses]

    @property
    def newest_losses(self) -> Losses:
        """Losses of the newest step."""
        return [] if self._cycle is None else list(self._cycle.line.losses)

    def note_contest(self) -> bool:
        """Write down that another training moves what this loss depends on; False before a step."""
        if self._cycle is None:
            return False
        self.log.mark(self.newest, CONTESTED)
        return True

    def user_step(self, loss: Any) -> None:
        """Take the loop's word for a step's loss; it is the clock where nothing else is seen."""
        self._user_reports = True
        held = None if loss is None else self.guard.run("loss", told_loss, loss)
        self._user_gives_loss = held is not None
        if self._cycle is not None and self._cycle.is_open:
            self._cycle.tell(held)
            self.end_cycle()
            return
        if self._given and not self._steps_taken and not self.pending:
            self.guard.run("ticks", self._tick)
        if held is not None:
            self._given.append(held)

    def user_log(self, values: Mapping[str, float]) -> None:
        """Write scalars of the user's at the newest finished step."""
        self.log.put(Line(self.newest, time.time(), dict(values)))

    def quiet_lane(self) -> QuietLane | None:
        """Return a lane for the steps up to the next sampled one, where it is worth it."""
        optimizers, cycle = self.holders.living(), self._cycle
        plain = len(optimizers) == len(self.holders) == 1 and self._passes.are_single
        begun = self.pending or self._given or cycle is None or cycle.is_open or self._epochs.waits
        odd = self.kept is not None or self._closed or self._transfer.is_flying
        told, taken, last_end = self._user_reports, self._steps_taken, self._last_end
        is_quick = last_end is not None and 0 < self._step_s < LONG_STEP_S
        if not plain or begun or odd or told is None or last_end is None or not is_quick:
            return None
        if self._sampling:
            return self._lanes.begin(self, optimizers[0], taken, last_end, is_told=told)
        last = self._schedule.quiet_until(self.step)
        ways = self.log.quiet_ways() if last - self.step >= SHORTEST_LANE else None
        return ways and QuietLane(self, optimizers[0], *ways, last, last_end, is_told=told)

    def go_on_after(self, lane: QuietLane) -> None:
        """Take back what the lane knows: the steps made in it, and the one under way."""
        stage = lane.stage
        steps = lane.step - lane.first + (stage == STEPPED)
        self.step = lane.first + steps
        self._steps_taken += steps
        self._own_steps = {number: count + steps for number, count in self._own_steps.items()}
        self._last_end, self._step_s = lane.last_end, lane.step_s or self._step_s
        lane.ended(steps)
        if stage in (PASSED, STEPPING):
            self.pending, self._losses = 1, [None if self._user_gives_loss else lane.loss]
        elif stage == STEPPED:
            self._cycle = lane.cycle(waits_for_loss=self._user_gives_loss)

    def close(self, *, error: str | None = None) -> None:
        """Write what is held back and close the files; nothing for a run without a step."""
        self._sampler.remove()
        heard = self.log.opened or self._cycle is not None or self.pending or self._given
        if self._closed or not heard:
            return
        self._closed = True
        self.guard.run("log", self.end_cycle)
        if not self._steps_taken and (self.pending or self._given):
            self.guard.run("ticks", self._tick)
            if self.kept is None:
                self.guard.run("ticks", self._ticks.release, self.log, self.step)
        self.guard.run("log", self.log.close, self.newest, error)

    def release(self) -> None:
        """Take every hook away and end the thread, whatever became of the log. Idempotent."""
        self._sampler.remove()
        self.log.release()

    @property
    def newest(self) -> int:
        """Number of the newest step made; of the first before there is one."""
        return max(self.start.step, self.step - 1)

    def _joined(self, optimizer: Optimizer) -> Cycle | None:
        """Return the step that `optimizer` joins, no pass having come between; None for none."""
        cycle = self._cycle
        if cycle is None or not cycle.is_open or id(optimizer) in cycle.stepped:
            return None
        return cycle

    def _before(self, optimizer: Optimizer | None, joined: Cycle | None = None) -> None:
        step = self.step if joined is None else joined.line.step
        self._sampler.before(optimizer, step, has_gradients=bool(self.pending or joined))

    def _after(
        self, optimizer: Optimizer | None, lane: int, own_step: int, joined: Cycle | None = None
    ) -> Sample | None:
        at, joins = (self.step, False) if joined is None else (joined.line.step, True)
        sample = self._sampler.after(optimizer, step=at, lane=lane, own_step=own_step, joins=joins)
        if sample is not None:
            sample.totals[0, RUN_COLUMNS["backwards"]] = self.pending
            sample.totals[0, RUN_COLUMNS["optimizer_steps"]] = self._steps_taken
        return sample

    def _new_cycle(self, now: float, optimizer: Optimizer) -> Cycle:
        self.end_cycle()
        words, passes = len(self._given), self.pending
        cycle = Cycle(self._line(now), self._sampling, {id(optimizer)}, words=words, passes=passes)
        if self.kept is not None:
            cycle.rates = {id(o): lr_numbers([o]) for o in self.holders.living()}
        self._cycle = cycle
        return cycle

    def end_cycle(self) -> None:
        """Write the step under way, which nobody joins any more; keep it back in a trial."""
        cycle = self._cycle
        if cycle is None or not cycle.is_open:
            return
        cycle.is_open = False
        if self.kept is None:
            self._write(cycle)
        else:
            self.kept.append(cycle)

    def _write(self, cycle: Cycle) -> None:
        if cycle.rates:
            cycle.line.values.update(self.guard.run("lr", self.log.name_rates, cycle.rates) or {})
        if cycle.sample is not None:
            self.guard.run("updates", self.log.sample, cycle.sample, cycle.line)
            cycle.sample = None  # it holds a model's worth of numbers
        self.log.put(cycle.line)
        for kind, detail in self._sampler.take_notes():
            self.log.mark(cycle.line.step, kind, detail)

    def _line(self, now: float) -> Line:
        parts = [] if self._user_gives_loss else self._losses
        losses = self.accumulation.whole(parts, self.pending)
        line = Line(self.step, time.time(), {}, [x for x in self._given if x is not None] or losses)
        self._given, self._losses = [], []
        if self.kept is None:
            rates = self.guard.run("lr", self.log.learning_rates, self.step, self._sampling)
            line.values.update(rates or {})
        line.values.update(self.guard.run("epochs", self._epochs.look) or {})
        if self._last_end is not None:
            self._step_s = now - self._last_end
            line.values[STEP_MS.tag] = 1e3 * self._step_s
            line.values.update(self._sampler.pace(self._step_s, self.pending))
            if self._sampling:
                share = self._schedule.spent_s / max(1e-9, now - self.start.clock)
                line.values[OVERHEAD.tag] = 100 * share
        self._last_end = now
        return line

    def _tick(self) -> None:
        """Hold back one backward pass that no step has followed."""
        sample = None
        if self._sampling:
            self.guard.run("updates", self._before, None)
            sample = self.guard.run("updates", self._after, None, NO_LANE, self.step)
        self._ticks.hold(self._given or self._losses, sample)
        self._given, self._losses, self.pending = [], [], 0
        self._sampler.forget()
        self.step += 1
        if self._ticks.is_full and self.kept is None:
            self._ticks.release(self.log, self.step)

    def _take_back_ticks(self) -> None:
        """Count held-back passes to the step that has come after all: they were accumulated."""
        held = self._ticks.take()
        self.step -= len(held)
        self.pending += len(held)
        losses = [loss for losses, _ in held for loss in losses]
        if self._user_gives_loss:
            self._given = [*losses, *self._given]
        else:
            self._losses = [*losses, *self._losses]

    def _advance(self, now: float, optimizer: Optimizer) -> None:
        self.pending = 0
        if self.kept is None and self._schedule.adapt(self.step, now):
            self.log.mark(self.step, "interval", {"every": self._schedule.interval})
        self.step += 1
        self._sampling = self._schedule.samples(self.step)
        if self._sampling:
            self._stopwatch.begin_step()
            self._sampler.used(optimizer)
        self._sampler.expect(self.step, self._sampling, step_s=self._step_s)
