"""Layers whose functions have ends, for the cases of the rule that sees them pinned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.reach import DISTANT
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import MEAN_OUT, SATURATED_SHARE
from lossmon.records import LayerInfo, Run

Floats = NDArray[np.float64]

TANH = tuple(
    LayerInfo(
        name=info.name,
        kind="Tanh" if info.is_activation else info.kind,
        activation="tanh" if info.activation else "",
        is_activation=info.is_activation,
        sources=info.sources,
        units=info.units,
        sampled_units=info.sampled_units,
    )
    for info in LAYERS
)
OUTPUT = (*TANH[:4], LayerInfo("4", "Linear", "sigmoid", sources=(3,), units=1, sampled_units=1))
GATE = (
    LayerInfo("0", "Linear", "sigmoid", units=64, sampled_units=64),
    LayerInfo("1", "Linear", sources=(0,), between=("mul", "sigmoid"), units=10, sampled_units=10),
)
TOGETHER = tuple(
    LayerInfo(n, "Embedding", "tanh", units=24, sampled_units=24, settings={DISTANT: 1.0})
    for n in ("user", "item")
)
PRODUCT = (
    *TOGETHER,
    LayerInfo("head", "Linear", sources=(0, 1), between=("tanh", "mul"), units=1, sampled_units=1),
)
PINNED_THEN_MULTIPLIED = (*TOGETHER, replace(PRODUCT[2], between=("mul", "tanh")))
TOWERS = (replace(TOGETHER[0], settings={}), LayerInfo("item", "Embedding", units=24))

CELL = (
    LayerInfo("gates", "Linear", "sigmoid", units=64, sampled_units=64),
    LayerInfo("content", "Linear", "tanh", units=32, sampled_units=32),
    LayerInfo("head", "Linear", sources=(0, 1), between=("sigmoid", "tanh", "mul", "add"), units=4),
)
LSTM = (
    LayerInfo("rnn", "LSTM", units=32, sampled_units=32, settings={"gates": 4.0}),
    LayerInfo("head", "Linear", sources=(0,), units=4, sampled_units=4),
)
GRU = (LayerInfo("rnn", "GRU", units=32, sampled_units=32, settings={"gates": 3.0}), LSTM[1])
OWN_CELL = (
    LayerInfo("cell", "Cell", units=32, sampled_units=32, settings={"functions": 5.0}),
    LayerInfo("head", "Linear", sources=(0,), units=4, sampled_units=4),
)
STEEP = (
    LayerInfo("0", "Linear", "tanh", units=64, sampled_units=64, settings={"scale": 200.0}),
    LayerInfo("1", "Linear", sources=(0,), between=("tanh", "mul"), units=10, sampled_units=10),
)


def pinned_from(at: int, share: float) -> Floats:
    values = np.zeros((300, len(TANH)))
    values[at:, :2] = share
    values[:, 4] = np.nan
    return values


def half_free() -> Floats:
    values = np.zeros((300, len(OUTPUT)))
    values[:, 4] = np.linspace(0.6, 0.4, 300)
    return values


def at_rest(
    layers: tuple[LayerInfo, ...],
    share: ArrayLike,
    *,
    at: float = synth.PRIOR,
    mean: ArrayLike = 0.0,
    **criterion: Any,
) -> Run:
    """Return a run at rest whose layers have that share of units pinned, around that mean."""
    return synth.run(
        loss=synth.flat(300, at=at),
        layers=layers,
        layer={SATURATED_SHARE: share, MEAN_OUT: mean},
        marks=(synth.criterion(**criterion),) if criterion else (),
    )
