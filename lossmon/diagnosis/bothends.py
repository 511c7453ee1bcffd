"""Functions whose units lie at both ends before anything was learned.

A bias that somebody chose, for rare events or a gate that starts shut, has its units at one end.
Those at both ends are there by the size of what they are given alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import PREDICTION_STD, TARGET_STD
from lossmon.diagnosis.reach import DISTANT, reach
from lossmon.diagnosis.rule import Threshold
from lossmon.layersignals import MEAN_OUT, STD_OUT
from lossmon.records import LayerInfo

Mask = NDArray[np.bool_]

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

APART = Threshold(
    0.5, "of the targets' deviation", "calibration: 0.8-1.8 at both ends; by one bias all are alike"
)
_FIRST = 8
"""Batches whose outputs tell: one alone may have few examples."""


def at_both_ends(facts: Facts) -> Mask:
    """Return which layers put out, at first, what lies on both sides of their function's middle."""
    layers = facts.layers
    first = layers.early[:1]
    if not len(first):
        return np.zeros(len(layers.infos), bool)
    spread, mean = (layers.column(signal, first)[0] for signal in (STD_OUT, MEAN_OUT))
    middles = np.array([_middle(info) for info in layers.infos])
    return np.asarray(np.abs(mean - middles) < spread, bool)


def outputs_apart(facts: Facts) -> bool:
    """Return whether the outputs lay about as far apart at first as the targets do."""
    made, wanted = (facts.batches.measured(s)[1][:_FIRST] for s in (PREDICTION_STD, TARGET_STD))
    known = bool(len(made) and len(wanted))
    return known and bool(np.median(made) > APART.value * np.median(wanted))


def _middle(info: LayerInfo) -> float:
    """Return what lies half way between the ends of what a layer puts out; before them it is 0.

    NaN where what goes into the function is not what the layer puts out.
    """
    if DISTANT in info.settings:
        return float("nan")
    low, high = reach(info.activation)
    return (low + high) / 2 if info.is_activation and np.isfinite(high - low) else 0.0
