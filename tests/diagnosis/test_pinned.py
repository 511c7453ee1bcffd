"""Which layers were pinned before anything was learned, and still are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from lossmon.batchsignals import PREDICTION_STD, TARGET_STD
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.pinned import pinned_from_start, pinned_now
from lossmon.diagnosis.synthpinned import CELL, GATE, OUTPUT, TANH, TOWERS, at_rest
from lossmon.layersignals import SATURATED_SHARE
from lossmon.records import LayerInfo

NAN = float("nan")


def _names(layers: tuple[LayerInfo, ...], share: ArrayLike, **given: ArrayLike) -> set[str]:
    found = pinned_from_start(Facts(at_rest(layers, share, **given)))
    return {info.name for info, hit in zip(layers, found, strict=True) if hit}


def test_a_layer_that_was_pinned_later_was_not_pinned_from_the_start() -> None:
    later = np.zeros((300, len(TANH)))
    later[1:, :2] = 0.95
    assert not _names(TANH, later)


def test_a_layer_that_got_free_is_pinned_no_more() -> None:
    free = np.zeros((300, len(TANH)))
    free[:100, :2] = 0.95
    assert not _names(TANH, free)


@pytest.mark.parametrize(("mean", "names"), [(0.0, {"0"}), (12.0, set()), (-12.0, set())])
def test_a_gate_counts_where_no_bias_has_put_it(mean: float, names: set[str]) -> None:
    assert _names(GATE, [0.9, NAN], mean=mean) == names


def test_a_cell_counts_whatever_its_biases() -> None:
    assert _names(CELL, [0.9, 0.9, NAN], mean=12.0) == {"gates", "content"}


def test_a_tower_counts_where_its_units_are_added_up() -> None:
    assert _names(TOWERS, [0.9, NAN], prediction_shape=[64]) == {"user"}
    assert not _names(TOWERS, [0.9, NAN], prediction_shape=[64, 24])


@pytest.mark.parametrize(("spread", "is_pinned"), [(0.45, True), (0.01, False)])
def test_an_output_below_half_counts_where_it_lay_apart_at_first(
    spread: float, is_pinned: bool
) -> None:
    run = synth.run(
        loss=synth.flat(300, at=1.5),
        layers=OUTPUT,
        layer={SATURATED_SHARE: [0, 0, 0, 0, 0.6]},
        total={PREDICTION_STD: spread, TARGET_STD: 0.5},
    )
    assert bool(pinned_now(Facts(run)).any()) is is_pinned
