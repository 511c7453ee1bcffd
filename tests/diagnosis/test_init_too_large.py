"""What its cases cannot show: inputs that are tokens, whose numbers mean no scale."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import INPUT_HIGH
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import CLEAR, Found
from lossmon.diagnosis.rules.init_too_large import check
from lossmon.records import Mark
from lossmon.signals import INPUTS, WEIGHT_NORM


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
