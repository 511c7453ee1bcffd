"""One sampled step as one wide record: all that the collectors measured, on the host."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmon.capture import updates
from lossmon.capture.layout import sampled_count
from lossmon.capture.segments import by_device
from lossmon.capture.sharding import elements, has_whole_rows, local
from lossmon.capture.transfer import Transfer
from lossmon.capture.units import UnitMeter, fingerprinted, has_units
from lossmon.capture.updates import StepMeter
from lossmon.signals import (
    PARAMETER_SIGNALS,
    RUN_SIGNALS,
    TOTAL_GRAD_NORM,
    TOTAL_UNCLIPPED_NORM,
    TOTAL_UPDATE_RATIO,
    UNIQUE_UNITS,
)

SIGNS_FIRST = 32
SIGNS_EVERY = 8
"""The signs of the weights are looked at on the first sampled steps, then where a step is divisible
by so many: what a penalty on them does changes slowly, and ranks must look at the same steps."""

Floats = NDArray[np.float32]
Rows = NDArray[np.bool_]
PARAMETER_COLUMNS = {signal.name: i for i, signal in enumerate(PARAMETER_SIGNALS)}
RUN_COLUMNS = {signal.name: i for i, signal in enumerate(RUN_SIGNALS)}


@dataclass(slots=True)
class Sample:
    """A wide record on its way: NaN until measured."""

    step: int
    wall_time: float
    parameters: Floats
    totals: Floats
    held: Rows
    """Rows that the stepping optimizer holds: only they count towards the totals."""
    elsewhere: Rows
    """Rows that only other optimizers of the run hold."""
    unclipped: Floats | None = None
    """Gradient norms before clipping, on their way too; None where no pass was looked at."""
    layers: Floats | None = None
    """None where no layer was read."""
    waiting: int = 0
    is_refused: bool = False
    """Whether a part of it could not be fetched: it is not written, so that steps ascend."""
    chosen: list[int] | None = None
    """Rows to write, where the run has turned out to be about some of them only."""
    _then: Callable[[Sample], None] | None = None

    def when_done(self, then: Callable[[Sample], None]) -> None:
        """Call `then` with the sample once everything has arrived; at once where it has."""
        self._then = then
        if self.waiting == 0:
            then(self)

    def done(self) -> None:
        """Take note that one vector has arrived."""
        self.waiting -= 1
        if self.waiting == 0 and self._then is not None:
            self._then(self)

    def join(self, later: Sample) -> None:
        """Take the rows that `later`'s optimizer holds from `later`, of the same step."""
        self.elsewhere = self.elsewhere & ~later.held
        self.waiting += 1

        def take(later: Sample) -> None:
            # What the backward passes told was told to the first optimizer's sample.
            at = np.ix_(np.flatnonzero(later.held), _OF_STEP)
            self.parameters[at] = later.parameters[at]
            self.held = self.held | later.held
            self.done()

        later.when_done(take)

    def finish(self) -> None:
        """Leave out what this step's optimizers do not move, and the rows that are not chosen."""
        if self.unclipped is not None:
            self.parameters[:, _UNCLIPPED_NORM] = self.unclipped
        self.parameters[self.elsewhere] = np.nan
        if self.chosen is not None:
            self.parameters, self.held = self.parameters[self.chosen], self.held[self.chosen]

    def scalars(self) -> dict[str, float]:
        """Return the total gradient norms, and the update ratio over the rows that are held."""
        return norm_scalars(self.parameters, self.held, has_unclipped=self.unclipped is not None)


_OF_STEP = np.array([PARAMETER_COLUMNS[name] for name in (*updates.COLUMNS, UNIQUE_UNITS.name)])
_GRAD_NORM, _GRAD_NONFINITE = PARAMETER_COLUMNS["grad_norm"], PARAMETER_COLUMNS["grad_nonfinite"]
_UNCLIPPED_NORM = PARAMETER_COLUMNS["grad_norm_unclipped"]
_UPDATE_NORM, _WEIGHT_NORM = PARAMETER_COLUMNS["update_norm"], PARAMETER_COLUMNS["weight_norm"]


def norm_scalars(table: Floats, held: Rows, *, has_unclipped: bool = False) -> dict[str, float]:
    """Return the total gradient norms of a table, and the update ratio over the rows `held`."""
    values = {}
    broken = table[:, _GRAD_NONFINITE]
    norm = _total(table[:, _GRAD_NORM], broken)
    if norm is not None:
        values[TOTAL_GRAD_NORM.tag] = norm
    if has_unclipped:
        unclipped = table[:, _UNCLIPPED_NORM]
        norm = _total(unclipped, broken)
        if norm is not None and (norm == norm or not np.isnan(unclipped).all()):
            values[TOTAL_UNCLIPPED_NORM.tag] = norm
    moved = table if held.all() else table[held]
    if len(moved):
        update = moved[:, _UPDATE_NORM].astype(np.float64)
        weight = moved[:, _WEIGHT_NORM].astype(np.float64)
        total = math.sqrt(float(weight @ weight))
        ratio = math.sqrt(float(update @ update)) / total if total else math.nan
        values[TOTAL_UPDATE_RATIO.tag] = ratio
    return values


def _total(norms: Floats, broken: Floats) -> float | None:
    """Return the norm over all rows, None where there is none; `broken` counts NaN elements."""
    exact = norms.astype(np.float64)
    # One product first: it is finite, unless something is NaN, infinite, or was not measured.
    squares = float(exact @ exact)
    if not math.isfinite(squares):
        measured = ~np.isnan(exact) | (broken > 0)
        if not measured.any():
            return None
        squares = float(np.square(exact[measured]).sum())
    return math.sqrt(squares)


def blank(rows: int) -> tuple[Floats, Floats]:
    """Return the parameter and totals arrays of a record in which nothing is measured yet."""
    return (
        np.full((rows, len(PARAMETER_SIGNALS)), np.nan, np.float32),
        np.full((1, len(RUN_SIGNALS)), np.nan, np.float32),
    )


class SampleMeter:
    """Measures steps over all devices that the tensors live on; rows of None are not its own."""

    def __init__(
        self, tensors: Sequence[Tensor | None], transfer: Transfer, *, norms_only: bool = False
    ) -> None:
        """`norms_only`: see `StepMeter`."""
        self._norms_only = norms_only
        self._indices = by_device(tensors)
        self._meters = [
            StepMeter(
                [t for t in (tensors[i] for i in idx) if t is not None], norms_only=norms_only
            )
            for idx in self._indices
        ]
        numel = [1 if t is None else elements(t) for t in tensors]
        # Of a shard without elements there are none to scale.
        counts = np.array([max(1, sampled_count(n)) for n in numel], np.float32)
        self._factors = np.ones((len(updates.COLUMNS), len(tensors)), np.float32)
        for name in updates.SCALED:
            self._factors[updates.COLUMNS.index(name)] = np.array(numel, np.float32) / counts
        self._factors[updates.COLUMNS.index("grad_zero_share")] = 1 / counts
        self._units = UnitMeter()
        self._samples = 0
        self._transfer = transfer
        self._present = np.zeros(len(tensors), bool)
        self._distinct: dict[int, Tensor] = {}

    def before(self, tensors: Sequence[Tensor | None], *, step: int) -> None:
        """Note the weights before the step, and the distinct units at the steps that ask for it."""
        for idx, meter in zip(self._indices, self._meters, strict=True):
            meter.before([tensors[i] for i in idx])
        self._distinct = {}
        if fingerprinted(step) and not self._norms_only:
            whole = [(i, local(t)) for i, t in enumerate(tensors) if _has_units(t)]
            self._distinct = {i: self._units.distinct_share(t) for i, t in whole}

    def gradients(self, tensors: Sequence[Tensor | None], *, scale: Tensor | None = None) -> None:
        """Note the gradients that the step uses; `scale` is divided out (fused GradScaler)."""
        grads = [None if t is None else t.grad for t in tensors]
        self._present = np.array([g is not None for g in grads])
        for idx, meter in zip(self._indices, self._meters, strict=True):
            meter.gradients([grads[i] for i in idx], scale=scale)

    def go_back(self, weights: Floats, norms: Floats) -> None:
        """Take what somebody else noted before the step: all rows, in host memory."""
        self._meters[0].go_back(weights, norms)

    def after(
        self, tensors: Sequence[Tensor | None], sample: Sample, *, lane: int, own_step: int
    ) -> None:
        """Send what the step did; `sample` is told once everything has arrived."""
        sample.waiting += 1
        signs = self._samples < SIGNS_FIRST or sample.step % SIGNS_EVERY == 0
        self._samples += 1
        for idx, meter in zip(self._indices, self._meters, strict=True):
            own = [tensors[i] for i in idx]
            vector = meter.after(own, lane=lane, own_step=own_step, signs=signs)
            self._send(vector, sample, partial(self._place, sample, idx, self._present[idx]))
        if self._distinct:
            rows = list(self._distinct)
            device = self._distinct[rows[0]].device
            shares = torch.stack([share.to(device) for share in self._distinct.values()])
            self._send(shares, sample, partial(_place_units, sample, rows))
        sample.done()

    def _send(self, vector: Tensor, sample: Sample, place: Callable[[Floats], None]) -> None:
        sample.waiting += 1

        def receive(values: Floats) -> None:
            place(values)
            sample.done()

        if not self._transfer.send(vector, receive):
            sample.is_refused = True
            sample.done()

    def _place(
        self, sample: Sample, indices: list[int], present: NDArray[np.bool_], vector: Floats
    ) -> None:
        whole = len(indices) == len(sample.parameters)
        factors = self._factors if whole else self._factors[:, indices]
        block = vector.reshape(len(updates.COLUMNS), -1) * factors
        np.sqrt(block[_SQUARED], out=block[_SQUARED])
        if not (present.all() and np.isfinite(block[_NORM]).all()):
            # The exact norm sees every element, the count only the sampled ones.
            broken = present & ~np.isfinite(block[_NORM])
            block[_NONFINITE] = np.maximum(block[_NONFINITE], broken)
            block[_OF_GRADIENT] = np.where(present, block[_OF_GRADIENT], np.float32(np.nan))
        rows = slice(None) if whole else indices
        sample.parameters[rows, : len(block)] = block.T


_NORM = updates.COLUMNS.index("grad_norm")
_NONFINITE = updates.COLUMNS.index("grad_nonfinite")
_SQUARED = slice(
    updates.COLUMNS.index(updates.SQUARED[0]), updates.COLUMNS.index(updates.SQUARED[-1]) + 1
)
assert list(updates.COLUMNS)[_SQUARED] == list(updates.SQUARED)
_OF_GRADIENT = [
    updates.COLUMNS.index(name)
    for name in (
        "grad_sampled_norm",
        "grad_dot_prev",
        "grad_dot_weight",
        "grad_dot_sign",
        "grad_zero_share",
        "grad_nonfinite",
        "unmoved_share",
    )
]
assert tuple(s.name for s in PARAMETER_SIGNALS[: len(updates.COLUMNS)]) == updates.COLUMNS


def _has_units(tensor: Tensor | None) -> TypeGuard[Tensor]:
    if tensor is None or not has_units(tensor) or not has_whole_rows(tensor):
        return False
    return local(tensor).numel() > 0


def _place_units(sample: Sample, rows: list[int], shares: Floats) -> None:
    sample.parameters[rows, PARAMETER_COLUMNS[UNIQUE_UNITS.name]] = shares
