"""Everything that is measured of a sampled step: by the backward passes, before and after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from lossmon.capture.criterion import COLUMNS as CRITERION_COLUMNS
from lossmon.capture.criterion import CriterionHook, CriterionMeter, judged_in_graph
from lossmon.capture.forwards import ForwardMeter
from lossmon.capture.groups import Holders
from lossmon.capture.guard import Guard
from lossmon.capture.holdings import Holdings, Key
from lossmon.capture.layout import Row
from lossmon.capture.samples import PARAMETER_COLUMNS, RUN_COLUMNS, Sample, SampleMeter, blank
from lossmon.capture.transfer import Transfer
from lossmon.capture.unclipped import UNCLIPPED_FIRST, unclipped_norms
from lossmon.capture.wiring import WiringMeter
from lossmon.signals import GRAD_ARRIVED, GRAD_STALE, MODULE_RAN

CRITERION_FIRST = 256
"""So many sampled steps have their criterion read; then every other one, which costs a tenth of all
that is measured of a small model, and windows pool it anyway."""


class StepSampler:
    """Runs the collectors of one set of rows. The recorder says when, and guards the calls."""

    def __init__(
        self,
        rows: Sequence[Row],
        holders: Holders,
        *,
        criterion: CriterionHook,
        train_mode: Callable[[], bool],
        transfer: Transfer,
        guard: Guard,
    ) -> None:
        """`holders` is the recorder's own, and may grow; so is `guard`."""
        self._holders = holders
        self._criterion_hook = criterion
        self._train_mode = train_mode
        self._transfer = transfer
        self._guard = guard
        self._criterion = CriterionMeter()
        self._forwards = ForwardMeter(rows)
        self._totals = blank(0)[1]
        self._rows: Sequence[Row] = ()
        self._unclipped: Any = None
        self._wiring = WiringMeter(0)
        self.renew(rows)
        self._passes_measured = 0
        self._criteria_read = 0
        self._gradients_noted = False

    def renew(self, rows: Sequence[Row]) -> None:
        """Measure these rows from now on.

        What the backward passes of the step under way told is kept where they are about the same
        tensors, which may only have been frozen, or have another type now.
        """
        before, self._rows, self._forwards.rows = self._tensors(), rows, rows
        self._holdings = Holdings(rows, self._holders)
        self._meters: dict[Key | None, SampleMeter] = {}
        self._meter: SampleMeter | None = None
        if list(map(id, before)) != list(map(id, self._tensors())):
            self._wiring, self._unclipped = WiringMeter(len(rows)), None

    @property
    def is_whole(self) -> bool:
        """Whether every parameter still lives: at the end of a script the model may be gone."""
        return all(tensor is not None for tensor in self._tensors())

    def backward_begins(self, roots: Sequence[Tensor], step: int) -> None:
        """Read what is gone after a backward pass: old gradients, and the criterion's graph."""
        self._unclipped = None
        self._guard.run("wiring", self._wiring.backward_begins, self._tensors())
        self._guard.run("criterion", self._read_criterion, roots, step)

    def backward_ended(self) -> None:
        """Count the gradients that arrived."""
        self._guard.run("wiring", self._wiring.backward_ended, self._tensors())

    def unclipped(self, scale: Tensor | None, step: int) -> None:
        """Note the gradients that a backward pass has left; `scale` is divided out."""
        self._passes_measured += 1
        if self._passes_measured > UNCLIPPED_FIRST and step % 2:
            return
        with torch.no_grad():
            self._unclipped = unclipped_norms(self._tensors(), scale, self._transfer)

    def forget_gradients(self) -> None:
        """Drop what `unclipped` noted: other gradients have come since."""
        self._unclipped = None

    def before(self, optimizer: Optimizer | None, step: int, *, has_gradients: bool) -> None:
        """Note weights before a step of `optimizer`, and its gradients where they are there."""
        if not has_gradients:
            self._unclipped = None
        self._meter, self._gradients_noted = None, False
        if not self._rows:
            return
        with torch.no_grad():
            meter, tensors = self._meter_of(optimizer)
            meter.before(tensors, step=step)
            self._meter = meter
            if has_gradients:
                meter.gradients(tensors, scale=getattr(optimizer, "grad_scale", None))
                self._gradients_noted = True

    def after(
        self, optimizer: Optimizer | None, *, step: int, lane: int, own_step: int, joins: bool
    ) -> Sample | None:
        """Return a sample of what the step did; None where nothing was noted before it.

        Of one that `joins` another's step only the rows that `optimizer` holds are meant.
        """
        meter, self._meter = self._meter, None
        if meter is None:
            return None
        with torch.no_grad():
            tensors = self._meter_of(optimizer)[1]
            if not self._gradients_noted:
                # A closure computed them inside step(): LBFGS, Lightning.
                meter.gradients(tensors)
            parameters, totals = blank(len(self._rows))
            if not joins:
                totals = self._what_passes_told(parameters)
            held, elsewhere = self._holdings.of(optimizer)
            sample = Sample(
                step, time.time(), parameters, totals, held, elsewhere, unclipped=self._unclipped
            )
            meter.after(tensors, sample, lane=lane, own_step=own_step)
            return sample

    def used(self, optimizer: Optimizer) -> None:
        """Note the gradients that a step has used: those of all that no other optimizer holds."""
        unused = self._holdings.of(optimizer)[1] if len(self._holders) > 1 else None
        self._guard.run("wiring", self._wiring.step_ended, self._tensors(), unused)

    def expect(self, wanted: bool) -> None:
        """Prepare for the next step: is it going to be sampled?"""
        if not wanted:
            self._wiring.forget()
        self._criterion_hook.wanted = wanted

    def forget(self) -> None:
        """Drop what the backward passes told so far: they belong to another's step, or to none."""
        self._wiring.forget()
        self._unclipped = None
        self._totals = blank(0)[1]

    def remove(self) -> None:
        """Leave no hook behind. Idempotent."""
        self._criterion_hook.remove()
        self._forwards.remove()

    def _tensors(self) -> list[Tensor | None]:
        return [row.tensor() for row in self._rows]

    def _read_criterion(self, roots: Sequence[Tensor], step: int) -> None:
        self._totals[0, RUN_COLUMNS["train_mode"]] = self._train_mode()
        judged = self._criterion_hook.take()
        self._criteria_read += 1
        if self._criteria_read > CRITERION_FIRST and step % 2:
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

    def _what_passes_told(self, parameters: Any) -> Any:
        totals, self._totals = self._totals, blank(0)[1]
        parameters[:, PARAMETER_COLUMNS[MODULE_RAN.name]] = self._forwards.take()
        arrived, stale = self._wiring.take()
        parameters[:, PARAMETER_COLUMNS[GRAD_ARRIVED.name]] = arrived
        parameters[:, PARAMETER_COLUMNS[GRAD_STALE.name]] = stale
        return totals

    def _meter_of(self, optimizer: Optimizer | None) -> tuple[SampleMeter, list[Tensor | None]]:
        """Return the meter of a step of `optimizer`, with the tensors that are its business.

        Of several optimizers each has its own: one for each parameter is nothing out of the way.
        """
        tensors = self._tensors()
        chosen = self._holdings.measured_by(optimizer)
        key = None if chosen is None else self._holdings.key(optimizer)
        if chosen is not None:
            pairs = zip(tensors, chosen, strict=True)
            tensors = [tensor if is_chosen else None for tensor, is_chosen in pairs]
        if key not in self._meters:
            living = {None, *map(id, self._holders.living())}
            self._meters = {k: m for k, m in self._meters.items() if k and k[0] in living}
            self._meters[key] = SampleMeter(tensors, self._transfer)
        return self._meters[key], tensors
