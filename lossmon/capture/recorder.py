"""One training, step by step: decides what is a step, samples it, and hands it to the log.

A step is one `optimizer.step()`. Where none has ever run, a backward pass counts as one: such ticks
are held back, because the first passes of an accumulated step look the same.
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
from lossmon.capture.forwards import ForwardMeter
from lossmon.capture.groups import Holders, group_of_parameter, held_count
from lossmon.capture.layout import capturing
from lossmon.capture.log import RunLog
from lossmon.capture.samples import PARAMETER_COLUMNS, RUN_COLUMNS, Sample, SampleMeter, blank
from lossmon.capture.scalars import Line, held_loss
from lossmon.capture.schedule import Schedule
from lossmon.capture.start import Start
from lossmon.capture.transfer import Transfer
from lossmon.capture.wiring import WiringMeter
from lossmon.signals import GRAD_ARRIVED, GRAD_STALE, MODULE_RAN, OVERHEAD, STEP_MS

MAX_TICKS = 64
"""Backward passes without any step that are held back before they count as steps themselves."""
NO_LANE = -1
CRITERION_FIRST = 256
"""So many sampled steps have their criterion read; then every other one, which costs a tenth of all
that is measured of a small model, and windows pool it anyway."""

Losses = list[Tensor | float]


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
        self._weights_noted = self._gradients_noted = self._closed = False
        self._last_end: float | None = None
        self._sampling = schedule.samples(self.step)

    def backward_begins(self, roots: Sequence[Tensor], loss: Tensor | None) -> None:
        """Read the loss and the criterion before the graph is freed."""
        if capturing():
            return
        if self._user_reports is None and self.log.open_line is not None:
            # A whole step went by without a word from the loop: the root's value is the loss.
            self._user_reports = False
            self.log.close_line()
        if self.pending and not self._steps_taken:
            self._guard.run("ticks", self._tick)
        self.pending += 1
        if loss is not None and not self._user_gives_loss:
            held = self._guard.run("loss", held_loss, loss)
            if held is not None:
                self._losses.append(held)
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
        if not self._sampling or capturing():
            return
        began = time.thread_time()
        self._guard.run("updates", self._before, optimizer)
        self._schedule.spent_s += time.thread_time() - began

    def step_ended(self, optimizer: Optimizer) -> None:
        """Close the step: measure what it did, write its line, see whether the next is sampled."""
        if capturing():
            return
        now = time.perf_counter()
        self._take_back_ticks()
        self._steps_taken += 1
        lane = self.holders.add(optimizer)
        own_step = self._own_steps[lane] = self._own_steps.get(lane, -1) + 1
        self.log.close_line()
        said = bool(self._given)
        self.log.open_line = self._line(now)
        if self._sampling:
            # Time of this thread, not of the clock: what the neighbours take is not our cost.
            began = time.thread_time()
            sample = self._guard.run("updates", self._after, optimizer, lane, own_step)
            if sample is not None:
                self._guard.run("updates", self.log.sample, sample, self.log.open_line)
            self._schedule.spent(time.thread_time() - began)
        self._advance(now)
        self._guard.run("updates", self._transfer.poll)
        if said or self._user_reports is False:
            self.log.close_line()

    def user_step(self, loss: Any) -> None:
        """Take the loop's word for a step's loss; it is the clock where nothing else is seen."""
        self._user_reports = True
        held = None if loss is None else self._guard.run("loss", _user_loss, loss)
        self._user_gives_loss = held is not None
        if self.log.open_line is not None:
            if held is not None:
                self.log.open_line.losses = [held]
            self.log.close_line()
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
        if self._closed or not (self.log.opened or self.pending or self._given):
            return
        self._closed = True
        self.log.close_line()
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

    def _before(self, optimizer: Optimizer | None) -> None:
        self._weights_noted = self._gradients_noted = False
        with torch.no_grad():
            tensors = self._tensors()
            self._meter.before(tensors, step=self.step)
            self._weights_noted = True
            if self.pending:
                self._meter.gradients(tensors, scale=getattr(optimizer, "grad_scale", None))
                self._gradients_noted = True

    def _after(self, optimizer: Optimizer | None, lane: int, own_step: int) -> Sample | None:
        if not self._weights_noted:
            return None
        self._weights_noted = False
        with torch.no_grad():
            tensors = self._tensors()
            if not self._gradients_noted:
                # A closure computed them inside step(): LBFGS, Lightning.
                self._meter.gradients(tensors)
            sample = self._sample(optimizer)
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

    def _line(self, now: float) -> Line:
        line = Line(self.step, time.time(), {}, self._given or self._losses)
        self._given, self._losses = [], []
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
        ticks, self._ticks = self._ticks, []
        for step, (losses, sample) in enumerate(ticks, self.step - len(ticks)):
            self.log.put(Line(step, time.time(), {}, losses))
            if sample is not None:
                self.log.sample(sample, None)

    def _advance(self, now: float) -> None:
        self.pending = 0
        if self._schedule.adapt(self.step, now):
            self.log.mark(self.step, "interval", {"every": self._schedule.interval})
        self.step += 1
        self._sampling = self._schedule.samples(self.step)
        if self._sampling:
            self._guard.run("wiring", self._wiring.step_ended, self._tensors())
        else:
            self._wiring.forget()
        self._criterion_hook.wanted = self._sampling


def _user_loss(loss: Any) -> Tensor | float | None:
    return held_loss(loss) if isinstance(loss, Tensor) else float(loss)
