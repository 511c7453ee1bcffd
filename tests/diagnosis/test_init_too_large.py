"""What its cases cannot show: inputs that are tokens, whose numbers mean no scale."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import INPUT_HIGH
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import CLEAR, Found
from lossmon.diagnosis.rules.init_too_large import check
from lossmon.layersignals import SATURATED_SHARE, STD_OUT
from lossmon.records import LayerInfo, Mark
from lossmon.signals import GRAD_NORM, INPUTS, UNCLIPPED_NORM, WEIGHT_NORM


@pytest.mark.parametrize("dtype", ["int64", "float32"])
def test_only_numbers_that_are_no_tokens_can_be_too_large(dtype: str) -> None:
    given = Mark(0, 0.0, INPUTS, {"tensors": [{"place": "0", "dtype": dtype}]})
    norms = [8 * 64**0.5, 0.1, 8 * 64**0.5, 0.1, 8 * 10**0.5, 0.1]
    run = synth.run(
        100,
        loss=np.geomspace(40, 5, 100),
        parameter={WEIGHT_NORM: norms},
        total={INPUT_HIGH: 255.0},
        marks=(given,),
    )
    outcome = check(Facts(run))
    if dtype == "int64":
        assert isinstance(outcome, Found)
    else:
        assert outcome == CLEAR


RECURRENT = {"rnn.weight_ih": (64, 32), "rnn.weight_hh": (64, 64), "head.weight": (10, 64)}


@pytest.mark.parametrize(
    ("gains", "gradient", "is_found"),
    [
        ((0.6, 4.0, 0.6), 1.0, True),  # the gradient stays what it is: the states are too large
        ((0.6, 4.0, 0.6), 1e4, False),  # only the gradient tells: it explodes
        ((0.6, 9.0, 0.6), 1e4, True),  # most units are pinned
        ((5.0, 4.0, 0.6), 1e4, True),  # it is not the only one
    ],
)
def test_a_recurrent_matrix_that_shows_in_the_gradient_alone_is_not_called_too_large(
    gains: tuple[float, ...], gradient: float, is_found: bool
) -> None:
    norms = np.array(gains) * np.sqrt([shape[0] for shape in RECURRENT.values()])
    run = synth.run(
        loss=synth.flat(300),
        shapes=RECURRENT,
        parameter={WEIGHT_NORM: norms, GRAD_NORM: gradient, UNCLIPPED_NORM: gradient},
    )
    assert isinstance(check(Facts(run)), Found) == is_found


@pytest.mark.parametrize(
    ("settings", "std", "is_found"),
    [
        ({}, 1.0, True),
        ({"scale": 50.0}, 1.0, False),  # the script multiplies by 50 before the function
        ({"distant": 1.0}, 1.0, False),  # a sum of sound numbers pins it
        ({"distant": 1.0}, 4.0, True),
    ],
)
def test_pinned_units_prove_it_only_where_the_weights_pin_them(
    settings: dict[str, float], std: float, is_found: bool
) -> None:
    table = LayerInfo("user", "Embedding", "tanh", units=16, sampled_units=16, settings=settings)
    run = synth.run(
        loss=synth.flat(300),
        shapes={"user.weight": (100, 16)},
        layers=(table,),
        parameter={WEIGHT_NORM: [40.0]},
        layer={SATURATED_SHARE: [0.9], STD_OUT: [std]},
    )
    assert isinstance(check(Facts(run)), Found) == is_found
