"""One training, step by step: decides what is a step, samples it, and hands it to the log.

A step is one `optimizer.step()`; optimizers that step one after the other, without a backward pass
between them, make one step together (`Cycle`). Where no optimizer has ever stepped, a backward pass
counts as a step: such ticks are held back, because the first passes of an accumulated step look the
same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from lossmon.capture.criterion import COLUMNS as CRITERION_COLUMNS
from lossmon.capture.criterion import CriterionHook, CriterionMeter, judged_in_graph
from lossmon.capture.cycle import Cycle
from lossmon.capture.forwards import ForwardMeter
from lossmon.capture.groups import Holders, group_of_parameter, held_count, lr_numbers
from lossmon.capture.layout import capturing
from lossmon.capture.log import RunLog
from lossmon.capture.samples import PARAMETER_COLUMNS, RUN_COLUMNS, Sample, SampleMeter, blank
from lossmon.capture.scalars import Line, held_loss
from lossmon.capture.schedule import Schedule
from lossmon.capture.start import Start
from lossmon.capture.transfer import Transfer
from lossmon.capture.wiring import WiringMeter
from lossmon.signals import CONTESTED, GRAD_ARRIVED, GRAD_STALE, MODULE_RAN, OVERHEAD, STEP_MS

MAX_TICKS = 64
"""Backward passes without any step that are held back before they count as steps themselves."""
NO_LANE = -1
CRITERION_FIRST = 256
"""So many sampled steps have their criterion read; then every other one, which costs a tenth of all
that is measured of a small model, and windows pool it anyway."""

Losses = list[Tensor | float | None]
"""One for each backward pass; None where the loop tells the loss itself."""


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
    ) -> None:
        self.start = start
        self.holders = Holders(optimizers)
        self.pending = 0
        """Backward passes since the last step."""
        self.step = start.step
        """Number of the step under way."""
        transfer = Transfer()
        self.log = RunLog(start, self.holders, transfer)
        self._guard = self.log.guard
        self._transfer = transfer
        self._schedule = schedule
        self._criterion_hook = criterion
        self._train_mode = train_mode
        self._user_reports: bool | None = None if waits_for_user else False
        self._user_gives_loss = False
        self._meter = SampleMeter(start.rows, transfer)
        self._criterion = CriterionMeter()
        self._wiring = WiringMeter(len(start.rows))
        self._forwards = ForwardMeter(start.rows)
        self._totals = blank(0)[1]
        self._losses: Losses = []
        self._given: Losses = []
        self._ticks: list[tuple[Losses, Sample | None]] = []
        self._own_steps: dict[int, int] = {}
        self._held: dict[tuple[int, int, int], tuple[Any, Any]] = {}
        self._steps_taken = self._criteria_read = 0
        self._cycle: Cycle | None = None
        self.kept: list[Cycle] | None = None
        """The steps so far of a run on trial, see `keep`; None for any other."""
        self._weights_noted = self._gradients_noted = self._closed = False
        self._last_end: float | None = None
        self._sampling = schedule.samples(self.step)

    def backward_begins(self, roots: Sequence[Tensor], loss: Tensor | None) -> None:
        """Read the loss and the criterion before the graph is freed."""
        if capturing():
            return
        cycle = self._cycle
        if cycle is not None and cycle.is_open:
            # A whole step went by without a word from the loop: the root's value is the loss.
            self._user_reports = bool(self._user_reports)
            if cycle.is_told or not self._user_reports:
                self._end_cycle()
        if self.pending and not self._steps_taken:
            self._guard.run("ticks", self._tick)
        self.pending += 1
        tells = loss is not None and not self._user_gives_loss
        self._losses.append(self._guard.run("loss", held_loss, loss) if tells else None)
        if self._sampling:
            began = time.thread_time()
            self._guard.run("wiring", self._wiring.backward_begins, self._tensors())
            self._guard.run("criterion", self._read_criterion, roots)
            self._schedule.spent_s += time.thread_time() - began

    def backward_ended(self) -> None:
        """Count the gradients that arrived."""
        if self._sampling and not capturing():
            self._guard.run("wiring", self._wiring.backward_ended, self._tensors())

    def step_begins(self, optimizer: Optimizer) -> None:
        """Note weights and gradients before the update."""
        joined = None if self.pending else self._joined(optimizer)
        if not (self._sampling if joined is None else joined.sampled) or capturing():
            return
        began = time.thread_time()
        self._guard.run("updates", self._before, optimizer, joined)
        self._schedule.spent_s += time.thread_time() - began

    def step_ended(self, optimizer: Optimizer) -> None:
        """Measure what the optimizer did; begin a new step unless it joins the one just made."""
        if capturing():
            return
        now = time.perf_counter()
        self._take_back_ticks()
        self._steps_taken += 1
        lane = self.holders.add(optimizer)
        own_step = self._own_steps[lane] = self._own_steps.get(lane, -1) + 1
        joined = None if self.pending else self._joined(optimizer)
        cycle = joined or self._new_cycle(now, optimizer)
        sample = None
        if cycle.sampled:
            # Time of this thread, not of the clock: what the neighbours take is not our cost.
            began = time.thread_time()
            sample = self._guard.run("updates", self._after, optimizer, lane, own_step, joined)
            self._schedule.spent(time.thread_time() - began, joins=joined is not None)
        if joined is None:
            cycle.sample = sample
            self._advance(now, optimizer)
        else:
            cycle.join(id(optimizer), sample)
            if self._sampling:
                self._guard.run("wiring", self._note_used, optimizer)
        self._guard.run("updates", self._transfer.poll)
        if (cycle.is_told or self._user_reports is False) and len(self.holders) == 1:
            # Nobody else can join it.
            self._end_cycle()

    def give_up(self, chosen: Sequence[bool]) -> Losses:
        """Forget those backward passes since the last step that are chosen: they were another's.

        Returns their losses. All are given up where `chosen` does not fit.
        """
        self._take_back_ticks()
        if not self.pending == len(self._losses) == len(chosen):
            chosen = [True] * len(self._losses)
        given = [loss for loss, gone in zip(self._losses, chosen, strict=True) if gone]
        self._losses = [loss for loss, gone in zip(self._losses, chosen, strict=True) if not gone]
        self.pending = len(self._losses)
        self._wiring.forget()
        self._totals = blank(0)[1]
        return given

    def take_over(self, losses: Losses) -> None:
        """Count backward passes that were told to another recorder."""
        self.pending += len(losses)
        self._losses = [*self._losses, *losses]

    @property
    def is_frozen(self) -> bool:
        """Whether the first parameter that lives is kept from getting a gradient right now."""
        first = next((t for row in self.start.rows if (t := row.tensor()) is not None), None)
        return first is not None and not first.requires_grad

    @property
    def newest_losses(self) -> Losses:
        """Losses of the newest step."""
        return [] if self._cycle is None else list(self._cycle.line.losses)

    def note_contest(self) -> bool:
        """Write down that another training moves what this loss depends on; False before a step."""
        if self._cycle is None:
            return False
        self.log.mark(self._newest, CONTESTED)
        return True

    def keep(self) -> None:
        """Put the run on trial: keep its steps back, write nothing, until `settle` or `abandon`."""
        self.kept = []
        self.log.waits = True

    def settle(self, start: Start) -> None:
        """Write what was kept back as the run `start`, which has the same rows, and go on."""
        kept, self.kept = self.kept or [], None
        self.start = self.log.start = start
        self.log.waits = False
        for cycle in kept:
            self._write(cycle)

    def begin_with(self, kept: Iterable[Cycle], rows: Sequence[int]) -> None:
        """Take over steps that another recorder kept back; `rows` are its places of our rows."""
        for cycle in kept:
            cycle.line.step = self.step
            if cycle.sample is not None:
                cycle.sample.step, cycle.sample.chosen = self.step, list(rows)
            self._write(cycle)
            self.step += 1
            self._steps_taken += 1
        self._sampling = self._schedule.samples(self.step)

    def abandon(self) -> None:
        """End without a log: others have taken over what was kept back."""
        self._criterion_hook.remove()
        self._forwards.remove()
        self._closed = True

    def end_kept_cycle(self) -> None:
        """Keep back the step under way too: nobody joins it any more."""
        self._end_cycle()

    def user_step(self, loss: Any) -> None:
        """Take the loop's word for a step's loss; it is the clock where nothing else is seen."""
        self._user_reports = True
        held = None if loss is None else self._guard.run("loss", _user_loss, loss)
        self._user_gives_loss = held is not None
        if self._cycle is not None and self._cycle.is_open:
            if held is not None and not self._cycle.is_told:
                self._cycle.line.losses = [held]
            self._end_cycle()
            return
        if self._given and not self._steps_taken and not self.pending:
            self._guard.run("ticks", self._tick)
        if held is not None:
            self._given.append(held)

    def user_log(self, values: Mapping[str, float]) -> None:
        """Write scalars of the user's at the newest finished step."""
        self.log.put(Line(self._newest, time.time(), dict(values)))

    def close(self, *, error: str | None = None) -> None:
        """Write what is held back and close the files; nothing for a run without a step."""
        self._criterion_hook.remove()
        self._forwards.remove()
        heard = self.log.opened or self._cycle is not None or self.pending or self._given
        if self._closed or not heard:
            return
        self._closed = True
        self._end_cycle()
        if not self._steps_taken and (self.pending or self._given):
            self._guard.run("ticks", self._tick)
            self._guard.run("ticks", self._release_ticks)
        self._guard.run("log", self.log.close, self._newest, error)

    @property
    def _newest(self) -> int:
        return max(self.start.step, self.step - 1)

    def _tensors(self) -> list[Tensor | None]:
        return [row.tensor() for row in self.start.rows]

    def _read_criterion(self, roots: Sequence[Tensor]) -> None:
        self._totals[0, RUN_COLUMNS["train_mode"]] = self._train_mode()
        judged = self._criterion_hook.take()
        self._criteria_read += 1
        if self._criteria_read > CRITERION_FIRST and self.step % 2:
            return
        if judged is None and len(roots) == 1:
            judged = judged_in_graph(roots[0])
        if judged is None:
            return
        totals, columns = self._totals, [RUN_COLUMNS[name] for name in CRITERION_COLUMNS]

        def receive(values: Any) -> None:
            totals[0, columns] = values

        with torch.no_grad():
            self._transfer.send(self._criterion.measure(judged), receive)

    def _joined(self, optimizer: Optimizer) -> Cycle | None:
        """Return the step that `optimizer` joins, no pass having come between; None for none."""
        cycle = self._cycle
        if cycle is None or not cycle.is_open or id(optimizer) in cycle.stepped:
            return None
        return cycle

    def _before(self, optimizer: Optimizer | None, joined: Cycle | None = None) -> None:
        self._weights_noted = self._gradients_noted = False
        with torch.no_grad():
            tensors = self._tensors()
            self._meter.before(tensors, step=self.step if joined is None else joined.line.step)
            self._weights_noted = True
            if self.pending or joined is not None:
                self._meter.gradients(tensors, scale=getattr(optimizer, "grad_scale", None))
                self._gradients_noted = True

    def _after(
        self, optimizer: Optimizer | None, lane: int, own_step: int, joined: Cycle | None = None
    ) -> Sample | None:
        if not self._weights_noted:
            return None
        self._weights_noted = False
        with torch.no_grad():
            tensors = self._tensors()
            if not self._gradients_noted:
                # A closure computed them inside step(): LBFGS, Lightning.
                self._meter.gradients(tensors)
            sample = self._sample(optimizer) if joined is None else self._joining(optimizer, joined)
            self._meter.after(tensors, sample, lane=lane, own_step=own_step)
            return sample

    def _sample(self, optimizer: Optimizer | None) -> Sample:
        parameters, totals = blank(len(self.start.rows))[0], self._totals
        self._totals = blank(0)[1]
        parameters[:, PARAMETER_COLUMNS[MODULE_RAN.name]] = self._forwards.take()
        arrived, stale = self._wiring.take()
        parameters[:, PARAMETER_COLUMNS[GRAD_ARRIVED.name]] = arrived
        parameters[:, PARAMETER_COLUMNS[GRAD_STALE.name]] = stale
        totals[0, RUN_COLUMNS["backwards"]] = self.pending
        totals[0, RUN_COLUMNS["optimizer_steps"]] = self._steps_taken
        held, elsewhere = self._holdings(optimizer)
        return Sample(self.step, time.time(), parameters, totals, held, elsewhere)

    def _joining(self, optimizer: Optimizer | None, joined: Cycle) -> Sample:
        """Return a sample of which only the rows that `optimizer` holds will be looked at."""
        held, elsewhere = self._holdings(optimizer)
        parameters, totals = blank(len(self.start.rows))
        return Sample(joined.line.step, time.time(), parameters, totals, held, elsewhere)

    def _holdings(self, optimizer: Optimizer | None) -> tuple[Any, Any]:
        """Return which rows `optimizer` holds, and which only other optimizers of the run hold."""
        optimizers = self.holders.living()
        key = (id(optimizer), len(optimizers), held_count(optimizers))
        if key in self._held:
            return self._held[key]
        mine = group_of_parameter([] if optimizer is None else [optimizer])
        others = group_of_parameter([o for o in optimizers if o is not optimizer])
        ids = [id(t) for t in self._tensors()]
        held = np.array([i in mine for i in ids], bool)
        elsewhere = np.array([optimizer is not None and i in others for i in ids], bool)
        self._held[key] = held, elsewhere & ~held
        return self._held[key]

    def _new_cycle(self, now: float, optimizer: Optimizer) -> Cycle:
        self._end_cycle()
        told = bool(self._given)
        cycle = Cycle(self._line(now), self._sampling, {id(optimizer)}, is_told=told)
        if self.kept is not None:
            cycle.rates = {id(o): lr_numbers([o]) for o in self.holders.living()}
        self._cycle = cycle
        return cycle

    def _end_cycle(self) -> None:
        """Write the step under way, if one is; keep it back where the run is on trial."""
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
            cycle.line.values.update(self._guard.run("lr", self.log.name_rates, cycle.rates) or {})
        if cycle.sample is not None:
            self._guard.run("updates", self.log.sample, cycle.sample, cycle.line)
            # Not needed again, and it holds a model's worth of numbers.
            cycle.sample = None
        self.log.put(cycle.line)

    def _line(self, now: float) -> Line:
        losses: list[Tensor | float] = []
        if self._given or not self._user_gives_loss:
            losses = [loss for loss in self._given or self._losses if loss is not None]
        line = Line(self.step, time.time(), {}, losses)
        self._given, self._losses = [], []
        if self.kept is None:
            rates = self._guard.run("lr", partial(self.log.learning_rates, look=self._sampling))
            line.values.update(rates or {})
        if self._last_end is not None:
            line.values[STEP_MS.tag] = 1e3 * (now - self._last_end)
            if self._sampling:
                share = self._schedule.spent_s / max(1e-9, now - self.start.clock)
                line.values[OVERHEAD.tag] = 100 * share
        self._last_end = now
        return line

    def _tick(self) -> None:
        """Hold back one backward pass that no step has followed."""
        sample = None
        # At the end of a script the model may be gone already.
        if self._sampling and all(t is not None for t in self._tensors()):
            self._before(None)
            sample = self._after(None, NO_LANE, self.step)
        self._ticks.append((self._given or self._losses, sample))
        self._given, self._losses, self.pending = [], [], 0
        self._wiring.forget()
        self.step += 1
        if len(self._ticks) > MAX_TICKS:
            self._release_ticks()

    def _take_back_ticks(self) -> None:
        """Count held-back passes to the step that has come after all: they were accumulated."""
        if not self._ticks:
            return
        ticks, self._ticks = self._ticks, []
        self.step -= len(ticks)
        self.pending += len(ticks)
        self._losses = [loss for losses, _ in ticks for loss in losses] + self._losses

    def _release_ticks(self) -> None:
        if self.kept is not None:
            return
        ticks, self._ticks = self._ticks, []
        for step, (losses, sample) in enumerate(ticks, self.step - len(ticks)):
            self.log.put(Line(step, time.time(), {}, [x for x in losses if x is not None]))
            if sample is not None:
                self.log.sample(sample, None)

    def _note_used(self, optimizer: Optimizer) -> None:
        """Note the gradients that were used: those of all that no other optimizer holds."""
        unused = self._holdings(optimizer)[1] if len(self.holders) > 1 else None
        self._wiring.step_ended(self._tensors(), unused)

    def _advance(self, now: float, optimizer: Optimizer) -> None:
        self.pending = 0
        if self.kept is None and self._schedule.adapt(self.step, now):
            self.log.mark(self.step, "interval", {"every": self._schedule.interval})
        self.step += 1
        self._sampling = self._schedule.samples(self.step)
        if self._sampling:
            self._guard.run("wiring", self._note_used, optimizer)
        else:
            self._wiring.forget()
        self._criterion_hook.wanted = self._sampling


def _user_loss(loss: Any) -> Tensor | float | None:
    return held_loss(loss) if isinstance(loss, Tensor) else float(loss)
