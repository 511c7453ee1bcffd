"""What its cases cannot show: where a probe is asked for."""

from __future__ import annotations

import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import Undecided
from lossmon.diagnosis.rules.label_noise import check
from lossmon.signals import GRAD_DOT_PREV


@pytest.mark.parametrize(("noise", "is_asked"), [(0.5, True), (0.24, False)])
def test_of_a_regression_at_rest_whose_gradients_agree_a_probe_tells_where_few_targets_are_far_off(
    noise: float, is_asked: bool
) -> None:
    run = synth.run(
        loss=synth.flat(300, at=1.4, noise=noise),
        parameter={GRAD_DOT_PREV: 0.3},
        marks=(synth.criterion(name="mse_loss", target_dtype="float32"),),
    )
    assert isinstance(check(Facts(run)), Undecided) is is_asked
