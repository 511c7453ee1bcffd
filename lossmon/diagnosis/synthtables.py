"""The tables of a healthy synthetic run of a small classifier, with every signal measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon import batchsignals, layersignals, signals
from lossmon.records import LayerInfo, Mark, ParameterInfo, Table
from lossmon.signals import Signal

Floats = NDArray[np.float64]

CLASSES = 10
PRIOR = math.log(CLASSES)
BATCH = 64
INPUTS = 32

LAYERS = (
    LayerInfo("0", "Linear", "relu", units=64, sampled_units=64),
    LayerInfo("1", "ReLU", "relu", True, (0,), units=64, sampled_units=64),
    LayerInfo("2", "Linear", "relu", sources=(1,), units=64, sampled_units=64),
    LayerInfo("3", "ReLU", "relu", True, (2,), units=64, sampled_units=64),
    LayerInfo("4", "Linear", sources=(3,), units=CLASSES, sampled_units=CLASSES),
)
MARKS = (
    Mark(
        0,
        0.0,
        signals.CRITERION,
        {
            "name": "cross_entropy",
            "behind": "addmm",
            "reduction": "mean",
            "weighted": False,
            "stretched": False,
            "crossed": False,
            "prediction_shape": [BATCH, CLASSES],
            "prediction_dtype": "float32",
            "target_shape": [BATCH],
            "target_dtype": "int64",
        },
    ),
    Mark(
        0,
        0.0,
        signals.INPUTS,
        {
            "tensors": [
                {"place": "0", "shape": [BATCH, INPUTS], "dtype": "float32", "device": "cpu"}
            ]
        },
    ),
)
EVENLY_UNSURE = {
    signals.PREDICTION_CONFIDENCE: 0.65,
    signals.CONFIDENCE_STD: 0.06,
    signals.PREDICTION_ENTROPY: 0.8,
}
"""Of labels that slipped into the next class: two classes remain, whatever the example."""


def clock(steps: NDArray[np.int64]) -> Floats:
    """Return wall times: ten steps a second."""
    return np.asarray(steps * 0.1, np.float64)


def parameter_table(
    steps: int, infos: Sequence[ParameterInfo], changed: Mapping[Signal, ArrayLike] | None
) -> Table:
    """Return parameter records of every step, with the signals of `changed` as given there."""
    return _table(signals.PARAMETER_SIGNALS, _parameters(steps, infos), changed, len(infos))


def run_table(losses: Floats, changed: Mapping[Signal, ArrayLike] | None) -> Table:
    """Return run-level records of every step."""
    given = {} if changed is None else changed
    rows = {signal: np.atleast_1d(np.asarray(v, float))[:, None] for signal, v in given.items()}
    healthy = {**_level(losses), **_batches(losses)}
    return _table(signals.RUN_SIGNALS, healthy, rows, 1)


def layer_table(steps: int, layers: int, changed: Mapping[Signal, ArrayLike] | None) -> Table:
    """Return layer records of every step."""
    one = np.ones((steps, layers))
    seen = np.minimum(BATCH * np.arange(1, steps + 1), 4096)
    healthy = {
        layersignals.STD_IN: one,
        layersignals.STD_OUT: one,
        layersignals.UNIT_STD: 0.9 * one,
        layersignals.MEAN_OUT: 0 * one,
        layersignals.DEAD_SHARE: 0 * one,
        layersignals.DORMANT_SHARE: 0 * one,
        layersignals.OUT_NONFINITE: 0 * one,
        layersignals.WINDOW_SAMPLES: seen[:, None] * one,
    }
    return _table(layersignals.LAYER_SIGNALS, healthy, changed, layers)


def _parameters(steps: int, infos: Sequence[ParameterInfo]) -> dict[Signal, Floats]:
    n = len(infos)
    rng = np.random.default_rng(1)
    gradient: Floats = np.exp(rng.normal(0, 0.2, (steps, n)))
    weight: Floats = np.full((steps, n), 10.0) + np.linspace(0.0, 0.5, steps)[:, None]
    update: Floats = 2e-3 * weight * np.exp(rng.normal(0, 0.1, (steps, n)))
    pairs = 0.03 + rng.normal(0, 0.1, (steps, n))
    pairs[0] = np.nan
    unique = np.full((steps, n), np.nan)
    early = [s for s in range(steps) if s & (s - 1) == 0]
    unique[np.ix_(early, [i for i, info in enumerate(infos) if len(info.shape) > 1])] = 1.0
    stale = np.zeros((steps, n))
    stale[0] = np.nan
    return {
        signals.GRAD_NORM: gradient,
        signals.WEIGHT_NORM: weight,
        signals.UPDATE_NORM: update,
        signals.GRAD_SAMPLED_NORM: gradient,
        signals.GRAD_DOT_PREV: pairs,
        signals.UPDATE_DOT_PREV: np.where(np.isnan(pairs), np.nan, 0.9 * (2e-3 * weight) ** 2),
        signals.GRAD_DOT_WEIGHT: rng.normal(0, 0.1, (steps, n)),
        signals.GRAD_ZERO_SHARE: np.zeros((steps, n)),
        signals.GRAD_NONFINITE: np.zeros((steps, n)),
        signals.WEIGHT_NONFINITE: np.zeros((steps, n)),
        signals.UNCLIPPED_NORM: gradient,
        signals.GRAD_ARRIVED: np.ones((steps, n)),
        signals.GRAD_STALE: stale,
        signals.UNIQUE_UNITS: unique,
        signals.MODULE_RAN: np.ones((steps, n)),
        signals.GRAD_DOT_SIGN: rng.normal(0, 0.1, (steps, n)),
    }


def _level(losses: Floats) -> dict[Signal, Floats]:
    steps = len(losses)
    one = np.ones((steps, 1))
    return {
        signals.CRITERION_LOSS: losses[:, None],
        signals.PRIOR_LOSS: PRIOR * one,
        signals.PRIOR_COUNT: np.arange(64.0, 64.0 * steps + 1, 64.0)[:, None],
        signals.CLASS_COUNT: CLASSES * one,
        signals.PREDICTION_ENTROPY: np.clip(losses[:, None], 0, PRIOR),
        signals.PREDICTION_INFORMATION: np.clip(PRIOR - losses[:, None], 0, PRIOR),
        signals.BACKWARDS: one,
        signals.OPTIMIZER_STEPS: np.arange(1.0, steps + 1)[:, None],
        signals.TRAIN_MODE: one,
        signals.EVAL_LAYERS: 0 * one,
    }


def _batches(losses: Floats) -> dict[Signal, Floats]:
    """Return what is seen of balanced classes, normalised inputs, and ever other batches."""
    steps = len(losses)
    one, rng = np.ones((steps, 1)), np.random.default_rng(2)
    bins = batchsignals.CLASS_BINS
    labels = np.zeros((steps, bins))
    labels[:, :CLASSES] = rng.multinomial(BATCH, np.full(CLASSES, 1 / CLASSES), steps)
    accuracy = np.clip(1 - losses[:, None] / PRIOR, 0.1, 0.99)
    return {
        batchsignals.ACCURACY: accuracy,
        batchsignals.TOP_PREDICTION_SHARE: 0.2 * one,
        batchsignals.CONFIDENT_WRONG: 0.01 * one,
        batchsignals.TARGET_COUNT: BATCH * one,
        batchsignals.TARGET_IGNORED: 0 * one,
        batchsignals.TARGET_LOW: 0 * one,
        batchsignals.TARGET_HIGH: (CLASSES - 1) * one,
        batchsignals.TARGET_NONFINITE: 0 * one,
        batchsignals.PREDICTION_NONFINITE: 0 * one,
        batchsignals.ROW_SPREAD: 4 * one,
        batchsignals.BATCH_SIZE: BATCH * one,
        batchsignals.INPUT_MEAN: 0 * one,
        batchsignals.INPUT_STD: one,
        batchsignals.INPUT_LOW: -3 * one,
        batchsignals.INPUT_HIGH: 3 * one,
        batchsignals.INPUT_NONFINITE: 0 * one,
        batchsignals.INPUT_CONSTANT_SHARE: 0 * one,
        batchsignals.INPUT_OFFSET: 0.1 * one,
        batchsignals.INPUT_SCALE_SPREAD: 1.2 * one,
        batchsignals.INPUT_PRINT: rng.normal(size=(steps, 1)),
        batchsignals.TARGET_PRINT: rng.normal(size=(steps, 1)),
        **{batchsignals.LABEL_COUNTS[i]: labels[:, [i]] for i in range(bins)},
        **{batchsignals.PREDICTED_COUNTS[i]: labels[:, [i]] for i in range(bins)},
        **{batchsignals.FOUND_COUNTS[i]: 0.9 * labels[:, [i]] for i in range(bins)},
    }


def _table(
    columns: Sequence[Signal],
    healthy: Mapping[Signal, Floats],
    changed: Mapping[Signal, ArrayLike] | None,
    rows: int,
) -> Table:
    steps = len(next(iter(healthy.values())))
    values = np.full((steps, rows, len(columns)), np.nan, np.float32)
    for signal, given in {**healthy, **(changed or {})}.items():
        values[:, :, columns.index(signal)] = np.broadcast_to(given, (steps, rows))
    at = np.arange(steps)
    return Table(tuple(s.name for s in columns), at, clock(at), values)
