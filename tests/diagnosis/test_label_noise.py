"""What its cases cannot show: where a probe is asked for, and what one that failed leaves open."""

from __future__ import annotations

import pytest

from lossmon.batchsignals import ACCURACY
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import CLEAR, Found, Undecided
from lossmon.diagnosis.rules import model_too_small
from lossmon.diagnosis.rules.label_noise import check
from lossmon.signals import (
    CONFIDENCE_STD,
    CRITERION_LOSS,
    GRAD_DOT_PREV,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
)


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


@pytest.mark.parametrize(("std", "is_even"), [(0.06, True), (0.25, False)])
def test_after_a_probe_that_failed_how_evenly_unsure_examples_are_decides_for_one_of_two_rules(
    std: float, is_even: bool
) -> None:
    unsure = {PREDICTION_CONFIDENCE: 0.65, CONFIDENCE_STD: std, PREDICTION_ENTROPY: 0.8}
    run = synth.run(loss=synth.flat(300, at=0.8), total=unsure, marks=synth.probe(False))
    assert isinstance(check(Facts(run)), Found) is is_even
    assert isinstance(model_too_small.check(Facts(run)), Found) is not is_even


def test_errors_as_many_as_by_chance_say_nothing_once_a_probe_has_failed() -> None:
    of_chance = {ACCURACY: 0.64, CRITERION_LOSS: 1.444}
    run = synth.run(loss=synth.flat(300, at=1.444), total=of_chance, marks=synth.probe(False))
    assert check(Facts(run)) is CLEAR
