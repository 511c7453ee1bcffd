"""Everything that is measured of a sampled step: by the backward passes, before and after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon.batchsignals import TARGET_PRINT, VERDICT_SIGNALS
from lossmon.capture.activations import NAME as ACTIVATIONS
from lossmon.capture.activations import ActivationMeter
from lossmon.capture.batches import LONG_STEP_S, BatchMeter
from lossmon.capture.criterion import COLUMNS as CRITERION_COLUMNS
from lossmon.capture.criterion import CriterionHook, CriterionMeter
from lossmon.capture.device import DeviceMeter
from lossmon.capture.distances import distance_in_graph
from lossmon.capture.fingerprint import Fingerprints
from lossmon.capture.foreign import training_clock
from lossmon.capture.forwards import ForwardMeter
from lossmon.capture.groups import Holders
from lossmon.capture.guard import Guard
from lossmon.capture.holdings import Holdings, Key
from lossmon.capture.judged import Judged
from lossmon.capture.layout import Row
from lossmon.capture.lossgraph import has_stretched_difference, judged_in_graph
from lossmon.capture.losssign import at_most_0
from lossmon.capture.modes import COLUMNS as MODE_COLUMNS
from lossmon.capture.modes import ModeMeter
from lossmon.capture.rhythm import Rhythm
from lossmon.capture.samples import (
    PARAMETER_COLUMNS,
    RUN_COLUMNS,
    Floats,
    Sample,
    SampleMeter,
    blank,
)
from lossmon.capture.sharding import is_sharded
from lossmon.capture.transfer import Transfer
from lossmon.capture.unclipped import UNCLIPPED_FIRST, unclipped_norms
from lossmon.capture.verdicts import described, verdicts
from lossmon.capture.wiring import WiringMeter
from lossmon.signals import CRITERION, GRAD_ARRIVED, GRAD_STALE, MODULE_RAN

VERDICT_COLUMNS = [signal.name for signal in VERDICT_SIGNALS]

MAX_NOTES = 8
"""Facts of one kind that are written down; the batch's size alone makes no new one."""


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
        modules: Sequence[nn.Module] = (),
        activations: ActivationMeter | None = None,
        norms_only: bool = False,
    ) -> None:
        """`holders` is the recorder's own, and may grow; so is `guard`.

        `modules` are the outermost ones of the model, held weakly. `norms_only`: nothing is looked
        at but the norms of gradients, weights and updates.
        """
        self._norms_only = norms_only
        self._activations = activations
        self._layers: Any = None
        self._holders = holders
        self._criterion_hook = criterion
        self._train_mode = train_mode
        self._transfer = transfer
        self._guard = guard
        self._criterion = CriterionMeter()
        self._device: DeviceMeter | None = None
        self._forwards = ForwardMeter(rows)
        self._totals = blank(0)[1]
        self._rhythm, self._prints = Rhythm(), Fingerprints()
        self._notes: list[tuple[str, Mapping[str, Any]]] = []
        self._noted: dict[str, set[str]] = {}
        self._batches = BatchMeter(
            modules, self._rhythm, self._prints, guard, self._put, self._note
        )
        self._modes = ModeMeter(modules)
        self._rows: Sequence[Row] = ()
        self._unclipped: Any = None
        self._wiring = WiringMeter(0)
        self.renew(rows)
        if norms_only:
            self._forwards.remove()
        self._passes_measured = 0
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

    def backward_begins(self, roots: Sequence[Tensor], step: int) -> None:
        """Read what is gone after a backward pass: old gradients, and the criterion's graph."""
        self._unclipped = None
        if self._norms_only:
            return
        self._guard.run("wiring", self._wiring.backward_begins, self._tensors())
        self._guard.run("modes", self._read_modes, roots)
        self._guard.run("criterion", self._read_criterion, roots)
        if self._activations is not None:
            table = self._guard.run(ACTIVATIONS, self._activations.take, roots)
            self._layers = self._layers if table is None else table

    def backward_ended(self) -> None:
        """Count the gradients that arrived; what was noted of others before is not the step's."""
        self._gradients_noted = False
        if self._norms_only:
            return
        self._guard.run("wiring", self._wiring.backward_ended, self._tensors())

    def unclipped(self, scale: Tensor | None, step: int) -> None:
        """Note the gradients that a backward pass has left; `scale` is divided out."""
        if self._norms_only:
            return
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
        if not self._rows or (optimizer is None and any(t is None for t in self._tensors())):
            # At the end of a script the model may be gone.
            return
        with torch.no_grad():
            meter, tensors = self._meter_of(optimizer)
            meter.before(tensors, step=step)
            self._meter = meter
            if has_gradients:
                meter.gradients(tensors, scale=getattr(optimizer, "grad_scale", None))
                self._gradients_noted = True

    def go_back(self, weights: Floats, norms: Floats) -> None:
        """Have been told `before` when these were the weights, and the norms of the gradients."""
        if self._meter is not None:
            self._meter.go_back(weights, norms)

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
            if not joins and not self._norms_only:
                totals = self._what_passes_told(parameters)
            held, elsewhere = self._holdings.of(optimizer)
            sample = Sample(
                step, time.time(), parameters, totals, held, elsewhere, unclipped=self._unclipped
            )
            if not joins:
                sample.layers, self._layers = self._layers, None
            meter.after(tensors, sample, lane=lane, own_step=own_step)
            return sample

    def used(self, optimizer: Optimizer) -> None:
        """Note the gradients that a step has used: those of all that no other optimizer holds."""
        if self._norms_only:
            return
        unused = self._holdings.of(optimizer)[1] if len(self._holders) > 1 else None
        self._guard.run("wiring", self._wiring.step_ended, self._tensors(), unused)

    def expect(self, step: int, wanted: bool, *, step_s: float = 0.0) -> None:
        """Prepare for the next step, number `step`: is it going to be sampled?

        `step_s`: how long the last one took; 0 where that is not known.
        """
        wanted = wanted and not self._norms_only
        if wanted:
            self._rhythm.begin(step)
        else:
            self._wiring.forget()
        self._criterion_hook.wanted = wanted and self._rhythm.criterion
        if wanted or step_s > LONG_STEP_S or self._batches.is_expecting:
            self._batches.expect(sampled=wanted, step_s=step_s, now=training_clock())
        if self._activations is not None:
            self._guard.run(ACTIVATIONS, self._activations.expect, wanted)

    def pace(self, step_s: float, passes: int) -> dict[str, float]:
        """Return the scalars about the forward of the step just made, and about the device.

        See `BatchMeter` and `DeviceMeter`.
        """
        values: dict[str, float] = {}
        if self._batches.is_expecting:
            values = self._guard.run("pace", self._batches.pace, step_s, passes) or {}
        if self._device is None:
            tensors = (tensor for tensor in self._tensors() if tensor is not None)
            self._device = DeviceMeter(next((t.device for t in tensors), torch.device("cpu")))
        if self._device.is_counted:
            values.update(self._guard.run("device", self._device.readings) or {})
        return values

    def take_cost(self) -> float:
        """Return the seconds that were spent in the forward since the last call."""
        cost = self._batches.take_cost()
        return cost if self._activations is None else cost + self._activations.spent()

    def take_notes(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return facts that were found since the last call: kinds of marks, and what they carry."""
        notes, self._notes = self._notes, []
        return notes

    def forget(self) -> None:
        """Drop what the backward passes told so far: they belong to another's step, or to none."""
        self._wiring.forget()
        self._unclipped = None
        self._totals, self._layers = blank(0)[1], None

    def remove(self) -> None:
        """Leave no hook behind. Idempotent."""
        self._criterion_hook.remove()
        self._batches.remove()
        if self._device is not None:
            self._device.stop()
        self._forwards.remove()
        if self._activations is not None:
            self._activations.remove()

    def _tensors(self) -> list[Tensor | None]:
        return [row.tensor() for row in self._rows]

    def _read_modes(self, roots: Sequence[Tensor]) -> None:
        self._totals[0, RUN_COLUMNS["train_mode"]] = self._train_mode()
        if not self._rhythm.close:
            return
        with torch.no_grad():
            modes = self._modes.measure(roots)
        if modes is not None:
            self._put(MODE_COLUMNS, modes)

    def _read_criterion(self, roots: Sequence[Tensor]) -> None:
        judged = self._criterion_hook.take()
        if not self._rhythm.criterion:
            return
        if judged is None and len(roots) == 1:
            judged = judged_in_graph(roots[0]) or distance_in_graph(roots[0])
            if judged is None and self._rhythm.close:
                self._look_at_unknown(roots[0])
        if judged is None or is_sharded(judged.prediction):
            return
        columns, parts = list(CRITERION_COLUMNS), []
        with torch.no_grad():
            parts.append(self._criterion.measure(judged))
            if self._rhythm.prints and not judged.is_target_worked_out:
                columns.append(TARGET_PRINT.name)
                parts.append(self._prints.of(judged.target).reshape(1).to(parts[0].device))
            closer = self._guard.run("predictions", self._look_closely, judged)
            if closer is not None:
                columns += VERDICT_COLUMNS
                parts.append(closer)
            self._put(columns, torch.cat(parts))
        self._rhythm.passed()

    def _look_at_unknown(self, root: Tensor) -> None:
        """Note what the graph of a hand-written loss tells against it."""
        if has_stretched_difference(root):
            self._note(CRITERION, {"name": "", "stretched": True, "crossed": True})
        lowered = at_most_0(root)
        if lowered:
            self._note(CRITERION, {"name": "", "lowers": lowered})

    def _look_closely(self, judged: Judged) -> Tensor | None:
        if not self._rhythm.close:
            return None
        self._note(CRITERION, described(judged))
        return verdicts(judged)

    def _put(self, columns: Sequence[str], values: Tensor) -> None:
        """Have run-level values placed in the record under way, once they have arrived."""
        totals, places = self._totals, [RUN_COLUMNS[name] for name in columns]

        def receive(found: Any) -> None:
            totals[0, places] = found

        self._transfer.send(values, receive)

    def _note(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Have a fact written down, once, and not many of a kind."""
        known = self._noted.setdefault(kind, set())
        key = repr(_but_batch_sizes(detail))
        if key not in known and len(known) < MAX_NOTES:
            known.add(key)
            self._notes.append((kind, detail))

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
            self._meters[key] = SampleMeter(tensors, self._transfer, norms_only=self._norms_only)
        return self._meters[key], tensors


def _but_batch_sizes(detail: Any) -> Any:
    """Return a fact without the first dimension of every shape in it."""
    if isinstance(detail, Mapping):
        return {
            key: value[1:] if key.endswith("shape") else _but_batch_sizes(value)
            for key, value in detail.items()
        }
    return [_but_batch_sizes(item) for item in detail] if isinstance(detail, list) else detail
