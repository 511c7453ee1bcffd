"""Which functions had units at both ends at first, and whether outputs lay far apart."""

from __future__ import annotations

import pytest

from lossmon.batchsignals import PREDICTION_STD, TARGET_STD
from lossmon.diagnosis import synth
from lossmon.diagnosis.bothends import at_both_ends, outputs_apart
from lossmon.diagnosis.facts import Facts
from lossmon.layersignals import MEAN_OUT, STD_OUT
from lossmon.records import LayerInfo

LAYERS = (
    LayerInfo("gate", "Linear", "sigmoid", units=8, sampled_units=8),
    LayerInfo("open", "Sigmoid", "sigmoid", True, (0,), units=8, sampled_units=8),
    LayerInfo("far", "Linear", "tanh", units=8, sampled_units=8, settings={"distant": 1.0}),
)


def _ends(spread: list[float], mean: list[float]) -> list[bool]:
    run = synth.run(layers=LAYERS, layer={STD_OUT: spread, MEAN_OUT: mean})
    return list(map(bool, at_both_ends(Facts(run))))


def test_a_bias_puts_units_at_one_end_and_size_alone_at_both() -> None:
    assert _ends([9.0, 0.5, 9.0], [1.0, 0.5, 0.0]) == [True, True, False]
    assert _ends([0.6, 0.0, 9.0], [-12.0, 0.0, 0.0]) == [False, False, False]


def test_of_a_sigmoid_itself_the_middle_is_a_half() -> None:
    assert _ends([9.0, 0.3, 9.0], [0.0, 0.9, 0.0])[1] is False
    assert _ends([9.0, 0.3, 9.0], [0.0, 0.4, 0.0])[1] is True


def test_a_run_without_layers_has_none_at_both_ends() -> None:
    assert not at_both_ends(Facts(synth.scalars_only(synth.falling(300)))).any()


@pytest.mark.parametrize(("made", "is_apart"), [(0.4, True), (0.3, True), (0.2, False), (0, False)])
def test_outputs_lie_apart_where_they_spread_half_as_far_as_the_targets(
    made: float, is_apart: bool
) -> None:
    run = synth.run(total={PREDICTION_STD: made, TARGET_STD: 0.5})
    assert outputs_apart(Facts(run)) is is_apart


def test_outputs_that_were_not_measured_do_not_lie_apart() -> None:
    assert not outputs_apart(Facts(synth.scalars_only(synth.falling(300))))
