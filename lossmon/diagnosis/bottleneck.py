"""Few units that all has to go through: one narrow layer, what the last layer is given, or all."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import INPUT_PRINT, TARGET_PRINT
from lossmon.diagnosis.architecture import Matrix, before_last, matrices, narrowest, outputs
from lossmon.diagnosis.kept import kept
from lossmon.diagnosis.rule import Threshold
from lossmon.records import ParameterInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

UNITS = Threshold(2, "units", "nobody carries four or more outputs through so few on purpose")
SPARE = Threshold(2, "outputs", "so many more than units: the softmax of K classes needs K - 1")
FEW = Threshold(4, "units", "twice as many: a hint, where the loss stands still above its best")
_GATED = re.compile(r"RNN|LSTM|GRU")


def bottleneck(facts: Facts) -> Matrix | None:
    """Return a layer of one or two units that more outputs have to go through; None for none."""
    necks = [neck for neck in (narrowest(facts), before_last(facts)) if neck is not None]
    neck = min(necks, key=lambda matrix: matrix.outputs, default=None)
    wide = neck is None or neck.outputs > UNITS.value or outputs(facts) < neck.outputs + SPARE.value
    if wide:
        neck = _given_to_the_last(facts)
        if neck is None or neck.outputs > UNITS.value:
            return None
    return None if _rebuilds_its_input(facts) else neck


def small(facts: Facts) -> Matrix | None:
    """Return the widest of the hidden layers where none has more than a few units; None elsewhere.

    Or what the last layer is given, where four times as many outputs have to come of those few.
    """
    given, last = _given_to_the_last(facts), max(matrices(facts).items(), default=None)
    if last is not None and given is not None and _is_few(given.outputs, last[1].outputs):
        return given
    wide = _wide(facts.parameters)
    if last is not None:
        wide = [one for one in wide if one[0].name != last[1].parameter]
    elif wide and "Embedding" not in wide[-1][0].kind:
        wide = wide[:-1]  # which makes the outputs, whatever it is
    widths = [(width, parameter) for parameter, made in wide for width in made]
    if not widths or max(widths, key=lambda pair: pair[0])[0] > FEW.value:
        return None
    width, widest = max(widths, key=lambda pair: pair[0])
    layer = widest.name.rpartition(".")[0]
    return Matrix(-1, layer, widest.name, widest.numel // max(1, widest.shape[0]), width)


def _is_few(units: int, outputs: int) -> bool:
    return units <= FEW.value and outputs >= FEW.value * units


@kept
def _wide(parameters: tuple[ParameterInfo, ...]) -> list[tuple[ParameterInfo, tuple[int, ...]]]:
    """Return the matrices, and how many units each makes."""
    return [(one, _widths(one)) for one in parameters if len(one.shape) >= 2]


def _widths(parameter: ParameterInfo) -> tuple[int, ...]:
    """Return how many units a layer's weight makes; nothing where another of its weights tells."""
    if "Embedding" in parameter.kind:
        return (parameter.shape[1],)
    if _GATED.match(parameter.kind):
        return (parameter.shape[1],) if "weight_hh" in parameter.name else ()
    if parameter.name.endswith("in_proj_weight"):
        return (parameter.shape[1],)
    return (parameter.shape[1 if "Transpose" in parameter.kind else 0],)


def _given_to_the_last(facts: Facts) -> Matrix | None:
    """Return as a matrix what the last layer is given, where more outputs than units come of it."""
    known, criterion = matrices(facts), facts.batches.criterion
    if len(known) < 1 or criterion is None:
        return None
    last = known[max(known)]
    shape = next(p.shape for p in facts.parameters if p.name == last.parameter)
    puts_out = last.outputs in criterion.prediction_shape[1:]
    if not puts_out or np.prod(shape[2:]) > 1 or last.outputs < last.inputs + SPARE.value:
        return None
    return replace(last, outputs=last.inputs)


def _rebuilds_its_input(facts: Facts) -> bool:
    """Return whether targets are the inputs: then the narrow layer is the point of the model."""
    steps, prints = facts.batches.measured(INPUT_PRINT)
    targets = facts.total(TARGET_PRINT, steps)
    known = np.isfinite(targets)
    return bool(known.any() and np.allclose(prints[known], targets[known], rtol=1e-4))
