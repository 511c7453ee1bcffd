"""By how much each layer multiplies what it is given, by its weights before the first step.

A matrix of n rows has the gain ‖W‖/sqrt(n): the standard deviation of what it puts out over the
root mean square of what it is given, on average over all directions of that. It is sqrt(fan_in)
times the standard deviation of random weights: sqrt(2) after He, 1 after Glorot, 0.58 in torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.kept import kept
from lossmon.diagnosis.sampling import EARLY_ROWS
from lossmon.records import LayerInfo, ParameterInfo
from lossmon.signals import WEIGHT_NORM

if TYPE_CHECKING:
    from lossmon.diagnosis.recorded import Recorded

Floats = NDArray[np.float64]

KINDS = ("Linear", "Conv1d", "Conv2d", "Conv3d", "RNN", "LSTM", "GRU", "Attention")
"""Owners of matrices whose rows are units. Not: transposed convolutions, whose rows are inputs;
tables of embeddings, of which a row is put out as it is; and tensors of unknown use."""
TABLES = ("Embedding",)
"""Matrices only where they are tied to those of another module, an output layer as a rule, or go
into no other layer: then their rows are multiplied by each other."""


@dataclass(frozen=True, slots=True)
class Gains:
    """Gains at the first record."""

    step: int
    values: Floats
    """One for each parameter of the run; NaN for those that are no matrices, or were not read."""
    least: Floats
    """The same, and of matrices whose use is not known what they have at least: either of their
    dimensions may be that of the units. Of tables that are looked up the size of an element."""


def first_gains(facts: Recorded) -> Gains | str:
    """Return the gains before the first step, or why they are not known."""
    meta, steps = facts.run.meta, facts.sampled_steps
    if meta is None or not len(steps):
        return "no weights are recorded"
    if meta.start_step > 0:
        return f"the run was resumed at step {meta.start_step}: how it began is not in this log"
    if steps[0] >= EARLY_ROWS:
        return f"the first record is of step {int(steps[0])}"
    norms = facts.parameter(WEIGHT_NORM, facts.run_rows[:1])[0]
    units, most = _units(facts.parameters, facts.layers.infos)
    values = norms / np.sqrt(units)
    return Gains(int(steps[0]), values, np.fmax(values, norms / np.sqrt(most)))


@kept
def _units(
    parameters: tuple[ParameterInfo, ...], layers: tuple[LayerInfo, ...]
) -> tuple[Floats, Floats]:
    """Return for each parameter its units, and the most that it may have."""
    last = _last_layers(layers)
    units = np.array([_rows(p, last) for p in parameters], float)
    return units, np.array([_most_rows(p) for p in parameters], float)


def _last_layers(infos: Sequence[LayerInfo]) -> frozenset[str]:
    """Return the names of the layers that no other one is known to be fed by."""
    used = {at for info in infos for at in info.sources}
    # A module that never ran, but whose weight was used, has no units: positions, as a rule.
    return frozenset(x.name for at, x in enumerate(infos) if at not in used and x.units > 0)


def _rows(parameter: ParameterInfo, last: frozenset[str]) -> float:
    """Return the units of a matrix; NaN for what is none."""
    shape, kind = parameter.shape, parameter.kind
    if len(shape) < 2 or not shape[0] or parameter.since > 0:
        return float("nan")
    if kind in TABLES:
        multiplied = parameter.tied or parameter.name.rpartition(".")[0] in last
        return float(shape[0]) if multiplied else float("nan")
    return float(shape[0]) if _rows_are_units(kind) else float("nan")


def _most_rows(parameter: ParameterInfo) -> float:
    """Return the larger of the first two dimensions of a tensor of unknown use; NaN for others.

    Of a table, which is as large as what it puts out, all elements.
    """
    shape = parameter.shape
    if parameter.kind in TABLES and len(shape) == 2 and not parameter.since:
        return float(max(1, parameter.numel))
    if len(shape) != 2 or not min(shape) > 1 or parameter.since > 0 or _is_known(parameter.kind):
        return float("nan")
    return float(max(shape))


@lru_cache(maxsize=256)
def _is_known(kind: str) -> bool:
    return any(name in kind for name in (*KINDS, *TABLES, "Norm"))


@lru_cache(maxsize=256)
def _rows_are_units(kind: str) -> bool:
    return "Transpose" not in kind and any(name in kind for name in KINDS)
