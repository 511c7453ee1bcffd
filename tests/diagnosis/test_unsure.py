from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import ACCURACY, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.unsure import evenly_unsure, resting_since
from lossmon.records import Mark
from lossmon.signals import (
    CLASS_COUNT,
    CONFIDENCE_STD,
    CRITERION,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
    Signal,
)

EVENLY = {PREDICTION_CONFIDENCE: 0.65, CONFIDENCE_STD: 0.06, PREDICTION_ENTROPY: 0.8}
LOSS = synth.flat(300, at=0.8)


def facts(total: dict[Signal, float | np.ndarray], **run: Any) -> Facts:
    return Facts(synth.run(loss=LOSS, total={**EVENLY, **total}, **run))


def test_who_is_as_unsure_of_each_example_as_of_any_other_is_evenly_unsure() -> None:
    found = evenly_unsure(facts({}))
    assert found is not None
    assert found.spread == pytest.approx(0.06**2 / (0.35 * 0.55))
    assert "0.65, give or take 0.06" in found.evidence().reads


@pytest.mark.parametrize(("until", "is_even"), [(90, True), (250, False)])
def test_only_what_was_measured_in_the_window_counts(until: int, is_even: bool) -> None:
    spread = np.where(np.arange(300) < until, 0.3, 0.06)
    assert (evenly_unsure(facts({CONFIDENCE_STD: spread})) is not None) is is_even


@pytest.mark.parametrize(
    "total",
    [
        {CONFIDENCE_STD: 0.2},
        {PREDICTION_CONFIDENCE: 0.2},
        {PREDICTION_CONFIDENCE: 0.96, CONFIDENCE_STD: 0.03},
        {PREDICTION_ENTROPY: 1.1},
        {ACCURACY: 0.95},
        {CLASS_COUNT: np.nan},
        {PREDICTION_CONFIDENCE: np.nan},
    ],
    ids=[
        "surer of some",
        "hardly sure of any",
        "as sure as common test sets are right",
        "surer than right",
        "right oftener than sure",
        "no classes",
        "unknown",
    ],
)
def test_otherwise_nothing_is_said(total: dict[Signal, float]) -> None:
    assert evenly_unsure(facts(total)) is None


def test_soft_targets_say_nothing() -> None:
    detail = {"name": "cross_entropy", "target_dtype": "float32"}
    assert evenly_unsure(facts({}, marks=(Mark(0, 0.0, CRITERION, detail),))) is None


def test_a_loss_rests_from_where_it_stays_near_its_level() -> None:
    fell = LOSS + np.maximum(0, 1 - np.arange(300) / 60)
    since = resting_since(Facts(synth.run(loss=fell)))
    assert 45 <= since <= 75


@pytest.mark.parametrize(("std", "is_even"), [(0.04, True), (0.07, False)])
def test_of_two_classes_that_are_hardly_told_apart_even_is_little(
    std: float, is_even: bool
) -> None:
    coin = {CLASS_COUNT: 2.0, PREDICTION_CONFIDENCE: 0.62, CONFIDENCE_STD: std, ACCURACY: 0.62}
    found = evenly_unsure(facts(coin))
    assert (found is not None) is is_even


@pytest.mark.parametrize(("confidence", "is_told"), [(0.82, True), (0.65, False)])
def test_of_several_targets_an_example_only_errors_on_all_classes_alike_tell(
    confidence: float, is_told: bool
) -> None:
    words = {TARGET_COUNT: 640.0, PREDICTION_CONFIDENCE: confidence, ACCURACY: confidence}
    assert (evenly_unsure(facts(words)) is not None) is is_told
