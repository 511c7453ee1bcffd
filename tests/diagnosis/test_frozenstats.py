"""Whether frozen statistics are told that are not those of what comes in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.frozenstats import frozen_off
from lossmon.diagnosis.synthnorms import normed
from lossmon.layersignals import UNIT_STD
from lossmon.records import Run
from lossmon.signals import FRESH_NORMS, TRAIN_MODE, WEIGHT_NORM

STUCK = synth.flat(300)


def frozen(deviation: float, *, loss: Any = STUCK, **changed: Any) -> Run:
    """Return a run whose norm, frozen, puts out numbers of that deviation."""
    layers = changed.pop("layers", normed())
    layer = {UNIT_STD: np.array([0.5, deviation, 0.5, 0.5, 0.5, 0.5])}
    return synth.run(len(loss), loss=loss, layers=layers, layer=layer, **changed)


def is_told(run: Run) -> bool:
    facts = Facts(run)
    norms = [info for info in facts.layers.infos if "BatchNorm" in info.kind]
    return bool(list(frozen_off(facts, norms)))


@pytest.mark.parametrize("deviation", [0.0, 0.01, 0.05, 20.0, 300.0])
def test_an_output_that_is_ten_times_off_is_told(deviation: float) -> None:
    assert is_told(frozen(deviation))


@pytest.mark.parametrize("deviation", [0.2, 1.0, 5.0])
def test_statistics_of_similar_data_are_not(deviation: float) -> None:
    assert not is_told(frozen(deviation))


def test_small_weights_make_a_small_output() -> None:
    shapes = {**synth.SHAPES, "1.weight": (64,)}
    small = np.array([4.0, 0.7, 4.0, 0.5, 1.8, 0.3, 0.4])
    assert is_told(frozen(0.05, shapes=shapes, parameter={WEIGHT_NORM: 8.0 + 0 * small}))
    assert not is_told(frozen(0.05, shapes=shapes, parameter={WEIGHT_NORM: small}))


@pytest.mark.parametrize(
    "run",
    [
        frozen(0.01, loss=synth.falling(300)),
        frozen(0.01, loss=synth.flat(100)),
        frozen(0.01, layers=normed(values=64.0)),
        frozen(0.01, total={TRAIN_MODE: 0.0}),
        frozen(0.01, total={FRESH_NORMS: 1.0}),
        frozen(float("nan")),
    ],
    ids=[
        "the loss falls",
        "a hundred steps were seen",
        "batches are normalised by themselves",
        "the whole model is in eval mode",
        "statistics are still 0 and 1",
        "the output was not measured",
    ],
)
def test_nothing_is_told_where(run: Run) -> None:
    assert not is_told(run)
