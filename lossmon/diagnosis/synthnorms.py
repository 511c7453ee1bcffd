"""Synthetic runs of models with batch normalisation, for the cases of its rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lossmon import signals
from lossmon.batchsignals import (
    BATCH_SIZE,
    INPUT_MEAN,
    INPUT_STD,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
    TARGET_COUNT,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.evalgap import PROBE
from lossmon.diagnosis.floor import OVERFIT
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import MEAN_OUT, UNIT_STD
from lossmon.records import LayerInfo, Mark
from lossmon.signal import Signal
from lossmon.signals import VAL_LOSS


def normed(**settings: float) -> tuple[LayerInfo, ...]:
    norm = LayerInfo(
        "1", "BatchNorm1d", "relu", settings={"momentum": 0.1, "eps": 1e-5, **settings}
    )
    return (LAYERS[0], norm, *LAYERS[1:])


def batches_of_one_kind(
    most: float = 60.0,
    least: float = 4.0,
    *,
    loss: Any = None,
    follows: bool = False,
    told: bool = False,
    values: float = 64.0,
    marks: Sequence[Mark] = (),
) -> Any:
    ones = np.where(np.random.default_rng(4).random(300) < 0.5, most, least)
    counts = dict.fromkeys(LABEL_COUNTS, 0.0 * ones)
    counts |= {LABEL_COUNTS[0]: ones, LABEL_COUNTS[1]: 64 - ones}
    guesses = ones if follows else np.full(300, ones.mean())
    counts |= {**dict.fromkeys(PREDICTED_COUNTS, 0.0 * ones), PREDICTED_COUNTS[0]: guesses}
    counts |= {PREDICTED_COUNTS[1]: 64 - guesses}
    sizes = {BATCH_SIZE: 64.0, TARGET_COUNT: 64.0, INPUT_MEAN: ones if told else 0.0}
    losses = synth.flat(300) if loss is None else loss
    layers, total = normed(values=values), {**counts, **sizes}
    return synth.run(loss=losses, layers=layers, total=total, marks=marks)


def never_validated(*, kinds: bool = True, momentum: float = 0.1) -> Any:
    return synth.run(
        loss=synth.falling(300, end=0.1),
        layers=normed(values=64.0, momentum=momentum),
        scalar={VAL_LOSS: np.where(np.arange(300) % 20 == 19, 4.0, np.nan)},
        total={INPUT_MEAN: np.where(np.arange(300) % 2, 3.0, -3.0)} if kinds else {},
    )


def of_four(*marks: Mark, values: float = 4.0, total: Any = None) -> Any:
    """Return a run of four values behind each statistic, and most of the loss explained."""
    loss, layers = synth.flat(300, at=0.4), normed(values=values)
    return synth.run(loss=loss, layers=layers, marks=marks, total=total or {})


def of_one_user(*, heard: bool = False, at: float = 2.1) -> Any:
    """Return a run whose first layer gives a whole batch one row; with `heard` a product has it."""
    settings = {"momentum": 0.1, "eps": 1e-5, "values": 64.0}
    layers = (
        LayerInfo("0", "Embedding", units=8, sampled_units=8),
        LayerInfo("1", "BatchNorm1d", sources=(0,), units=8, sampled_units=8, settings=settings),
        LayerInfo("2", "Linear", sources=(0, 1) if heard else (1,), between=("mul",), units=10),
    )
    means = np.random.default_rng(7).normal(size=(300, 3))
    layer: dict[Signal, Any] = {UNIT_STD: [0.0, 0.0, 1.0], MEAN_OUT: means}
    return synth.run(loss=synth.flat(300, at=at), layers=layers, layer=layer)


def scored() -> tuple[LayerInfo, ...]:
    settings = {"momentum": 0.1, "eps": 1e-5, "values": 64.0}
    return (*LAYERS, LayerInfo("5", "BatchNorm1d", sources=(4,), units=1, settings=settings))


def weightless(loss: Any) -> Any:
    """Return a run whose ten outputs are normalised without weights, and given to the criterion."""
    layers = (*LAYERS, replace(scored()[-1], units=10))
    return synth.run(loss=loss, layers=layers, marks=(synth.criterion(behind="nativebatchnorm"),))


def of_two_forwards(*, least: float, fitted: bool = False) -> Any:
    """Return a run of scores whose loss is that of equal ones, and what a batch by heart has."""
    norm = scored()[-1]
    layers = (*LAYERS, replace(norm, units=10), LayerInfo("6", "Linear", sources=(5,), units=1))
    return _of_pairs(layers, {}, fitted=fitted, least=least)


def of_pairs_by_user(times: float) -> Any:
    """Return a run whose mean inputs vary by so many times what they do if drawn at random."""
    means = np.random.default_rng(8).normal(0, np.sqrt(times / 64), 300)
    return _of_pairs(normed(values=64.0), {INPUT_MEAN: means, INPUT_STD: 1.0})


def _of_pairs(
    layers: Sequence[LayerInfo],
    total: dict[Signal, Any],
    *,
    fitted: bool = True,
    least: float = 0.02,
) -> Any:
    tried = {"fitted": fitted, "first_loss": 0.693, "last_loss": least, "prior_loss": float("nan")}
    heart = Mark(299, 30.0, signals.PROBE, {"probe": OVERFIT, "steps": 240, **tried})
    return synth.run(
        loss=synth.flat(300, at=0.693, noise=0.002),
        layers=layers,
        total={signals.PRIOR_LOSS: np.nan, **total},
        marks=(probed_in_both(0.693, 0.694), heart),
    )


def ported(loss: Any) -> Any:
    """Return a run whose norm is frozen, and puts out a hundredth of what it would normalise."""
    deviations = np.array([0.5, 0.01, 0.5, 0.5, 0.5, 0.5])
    return synth.run(loss=loss, layers=normed(), layer={UNIT_STD: deviations})


def probed_in_both(train: Any, without: Any) -> Mark:
    detail = {"probe": PROBE, "train_loss": train, "eval_loss": without}
    return Mark(299, 30.0, signals.PROBE, detail)
