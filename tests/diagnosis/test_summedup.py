"""Which layers have more units than outputs come of them, with no layer in between."""

from __future__ import annotations

import pytest

from lossmon.batchsignals import BATCH_SIZE
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.summedup import summed_up
from lossmon.records import LayerInfo

TOWER = LayerInfo("tower", "Embedding", "tanh", units=16, sampled_units=16)


def _is_summed_up(shape: list[int], *, layer: LayerInfo = TOWER) -> bool:
    marks = (synth.criterion(prediction_shape=shape),)
    run = synth.run(layers=(layer,), marks=marks, total={BATCH_SIZE: 64})
    return bool(summed_up(Facts(run))[0])


@pytest.mark.parametrize("shape", [[64], [64, 1], [64, 2]])
def test_a_tower_of_sixteen_units_is_summed_up_to_fewer_outputs(shape: list[int]) -> None:
    assert _is_summed_up(shape)


@pytest.mark.parametrize("shape", [[64, 16], [64, 16, 3], [1024], [1024, 1], []])
def test_an_output_of_sixteen_units_is_not_whatever_its_shape(shape: list[int]) -> None:
    assert not _is_summed_up(shape)


def test_a_function_behind_a_sum_may_be_the_outputs_own() -> None:
    far = LayerInfo("user", "Embedding", "sigmoid", units=16, settings={"distant": 1.0})
    assert not _is_summed_up([64], layer=far)


def test_without_a_criterion_nothing_is_known() -> None:
    assert not summed_up(Facts(synth.scalars_only(synth.falling(300)))).any()
