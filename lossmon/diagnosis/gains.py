"""By how much each layer multiplies what it is given, by its weights before the first step.

A matrix of n rows has the gain ‖W‖/sqrt(n): the standard deviation of what it puts out over the
root mean square of what it is given, on average over all directions of that. It is sqrt(fan_in)
times the standard deviation of random weights: sqrt(2) after He, 1 after Glorot, 0.58 in torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.sampling import EARLY_ROWS
from lossmon.records import ParameterInfo
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
    last = _last_layers(facts)
    rows = np.array([_rows(p, last) for p in facts.parameters], float)
    return Gains(int(steps[0]), norms / np.sqrt(rows))


def _last_layers(facts: Recorded) -> frozenset[str]:
    """Return the names of the layers that no other one is known to be fed by."""
    infos = facts.layers.infos
    used = {at for info in infos for at in info.sources}
    return frozenset(info.name for at, info in enumerate(infos) if at not in used)


def _rows(parameter: ParameterInfo, last: frozenset[str]) -> float:
    """Return the units of a matrix; NaN for what is none."""
    shape, kind = parameter.shape, parameter.kind
    if len(shape) < 2 or not shape[0] or parameter.since > 0:
        return float("nan")
    if kind in TABLES:
        multiplied = parameter.tied or parameter.name.rpartition(".")[0] in last
        return float(shape[0]) if multiplied else float("nan")
    return float(shape[0]) if _rows_are_units(kind) else float("nan")


@lru_cache(maxsize=256)
def _rows_are_units(kind: str) -> bool:
    return "Transpose" not in kind and any(name in kind for name in KINDS)
