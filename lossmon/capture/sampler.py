"""Everything that is measured of a sampled step: by the backward passes, before and after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from lossmon.capture.activations import NAME as ACTIVATIONS
from lossmon.capture.activations import ActivationMeter
from lossmon.capture.criterion import COLUMNS as CRITERION_COLUMNS
from lossmon.capture.criterion import CriterionHook, CriterionMeter, judged_in_graph
from lossmon.capture.forwards import ForwardMeter
from lossmon.capture.groups import Holders, group_of_parameter, held_count
from lossmon.capture.guard import Guard
from lossmon.capture.layout import Row
from lossmon.capture.samples import PARAMETER_COLUMNS, RUN_COLUMNS, Sample, SampleMeter, blank
from lossmon.capture.transfer import Transfer
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
        activations: ActivationMeter | None = None,
    ) -> None:
        """`holders` is the recorder's own, and may grow; so is `guard`."""
        self._activations = activations
        self._layers: Any = None
        self._rows = rows
        self._holders = holders
        self._criterion_hook = criterion
        self._train_mode = train_mode
        self._transfer = transfer
        self._guard = guard
        self._meter = SampleMeter(rows, transfer)
        self._criterion = CriterionMeter()
        self._wiring = WiringMeter(len(rows))
        self._forwards = ForwardMeter(rows)
        self._totals = blank(0)[1]
        self._held: dict[tuple[int, int, int], tuple[Any, Any]] = {}
        self._criteria_read = 0
        self._weights_noted = self._gradients_noted = False

    @property
    def is_whole(self) -> bool:
        """Whether every parameter still lives: at the end of a script the model may be gone."""
        return all(tensor is not None for tensor in self._tensors())

    def backward_begins(self, roots: Sequence[Tensor], step: int) -> None:
        """Read what is gone after a backward pass: old gradients, and the criterion's graph."""
        self._guard.run("wiring", self._wiring.backward_begins, self._tensors())
        self._guard.run("criterion", self._read_criterion, roots, step)
        if self._activations is not None:
            table = self._guard.run(ACTIVATIONS, self._activations.take, roots)
            self._layers = self._layers if table is None else table

    def backward_ended(self) -> None:
        """Count the gradients that arrived."""
        self._guard.run("wiring", self._wiring.backward_ended, self._tensors())

    def before(self, optimizer: Optimizer | None, step: int, *, has_gradients: bool) -> None:
        """Note weights before a step of `optimizer`, and its gradients where they are there."""
        self._weights_noted = self._gradients_noted = False
        with torch.no_grad():
            tensors = self._tensors()
            self._meter.before(tensors, step=step)
            self._weights_noted = True
            if has_gradients:
                self._meter.gradients(tensors, scale=getattr(optimizer, "grad_scale", None))
                self._gradients_noted = True

    def after(
        self, optimizer: Optimizer | None, *, step: int, lane: int, own_step: int, joins: bool
    ) -> Sample | None:
        """Return a sample of what the step did; None where nothing was noted before it.

        Of one that `joins` another's step only the rows that `optimizer` holds are meant.
        """
        if not self._weights_noted:
            return None
        self._weights_noted = False
        with torch.no_grad():
            tensors = self._tensors()
            if not self._gradients_noted:
                # A closure computed them inside step(): LBFGS, Lightning.
                self._meter.gradients(tensors)
            parameters, totals = blank(len(self._rows))
            if not joins:
                totals = self._what_passes_told(parameters)
            held, elsewhere = self._holdings(optimizer)
            layers, self._layers = (None if joins else self._layers), None
            sample = Sample(step, time.time(), parameters, layers, totals, held, elsewhere)
            self._meter.after(tensors, sample, lane=lane, own_step=own_step)
            return sample

    def used(self, optimizer: Optimizer) -> None:
        """Note the gradients that a step has used: those of all that no other optimizer holds."""
        unused = self._holdings(optimizer)[1] if len(self._holders) > 1 else None
        self._guard.run("wiring", self._wiring.step_ended, self._tensors(), unused)

    def expect(self, wanted: bool) -> None:
        """Prepare for the next step: is it going to be sampled?"""
        if not wanted:
            self._wiring.forget()
        self._criterion_hook.wanted = wanted
        if self._activations is not None:
            self._guard.run(ACTIVATIONS, self._activations.expect, wanted)

    def hook_seconds(self) -> float:
        """Return what hooks in the forward passes have cost since the last call."""
        return 0.0 if self._activations is None else self._activations.spent()

    def forget(self) -> None:
        """Drop what the backward passes told so far: they belong to another's step, or to none."""
        self._wiring.forget()
        self._totals, self._layers = blank(0)[1], None

    def remove(self) -> None:
        """Leave no hook behind. Idempotent."""
        self._criterion_hook.remove()
        self._forwards.remove()
        if self._activations is not None:
            self._activations.remove()

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

    def _holdings(self, optimizer: Optimizer | None) -> tuple[Any, Any]:
        """Return which rows `optimizer` holds, and which only other optimizers of the run hold."""
        optimizers = self._holders.living()
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
