from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import ACCURACY, LABEL_COUNTS, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.lingering import Stretch, calm, falls_slower_since, lingered
from lossmon.records import Mark
from lossmon.signals import (
    CONFIDENCE_STD,
    CRITERION,
    CRITERION_LOSS,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
    PRIOR_LOSS,
    Signal,
)

LEAST = 0.1
STEPS = np.arange(300)
THERE = (STEPS >= 50) & (STEPS < 180)
"""Where the loss lingers."""
COURSE = np.interp(STEPS, [0, 50, 180, 300], [2.3, 0.8, 0.8, 0.5])
EVENLY = {
    PREDICTION_CONFIDENCE: 0.65,
    CONFIDENCE_STD: np.where(THERE, 0.06, 0.3),
}


def facts(
    total: dict[Signal, Any] | None = None, *, loss: np.ndarray = COURSE, **run: Any
) -> Facts:
    noisy = loss + synth.flat(len(loss), at=0)
    return Facts(synth.run(loss=noisy, total={**EVENLY, **(total or {})}, **run))


def where_it_lingered(run: Facts) -> Stretch | None:
    return lingered(run, calm(run, LEAST))


def test_where_the_loss_lingered_all_examples_were_equally_unsure() -> None:
    found = where_it_lingered(facts())
    assert found is not None
    assert 40 <= found.steps[0] < found.steps[1] <= 190
    assert found.loss == pytest.approx(0.8, abs=0.02)
    assert found.unsure.std == pytest.approx(0.06, abs=0.01)


@pytest.mark.parametrize(
    ("total", "why"),
    [
        ({CONFIDENCE_STD: 0.3}, "surer of some"),
        ({PREDICTION_ENTROPY: 1.1}, "surer or less sure than right"),
        ({ACCURACY: 0.95}, "right oftener than sure"),
        ({ACCURACY: 0.4}, "wrong oftener than unsure"),
        ({PREDICTION_CONFIDENCE: np.nan}, "no probabilities"),
        ({CRITERION_LOSS: np.nan}, "no loss of the criterion"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_otherwise_nothing_is_said(total: dict[Signal, float], why: str) -> None:
    assert where_it_lingered(facts(total)) is None, why


def test_a_loss_that_falls_all_along_lingers_nowhere() -> None:
    falling = np.linspace(2.3, 0.5, 300)
    assert calm(facts({PREDICTION_ENTROPY: falling}, loss=falling), LEAST) == ()


def test_of_fewer_batches_than_a_stretch_nothing_is_said() -> None:
    looked_at = np.where((STEPS >= 60) & (STEPS < 120), 0.65, np.nan)
    assert where_it_lingered(facts({PREDICTION_CONFIDENCE: looked_at})) is None


def test_with_next_to_nothing_explained_a_loss_that_lingers_says_nothing() -> None:
    stretches = calm(facts(loss=np.interp(STEPS, [0, 50, 300], [2.3, 0.8, 0.8])), LEAST)
    assert stretches
    assert calm(facts(loss=np.interp(STEPS, [0, 50, 300], [2.3, 0.8, 0.8])), 0.7) == ()


@pytest.mark.parametrize(("confidence", "is_told"), [(0.82, True), (0.65, False)])
def test_of_several_targets_an_example_only_errors_on_all_classes_alike_tell(
    confidence: float, is_told: bool
) -> None:
    words = {TARGET_COUNT: 640.0, PREDICTION_CONFIDENCE: confidence, ACCURACY: confidence}
    assert (where_it_lingered(facts(words)) is not None) is is_told


def test_soft_targets_say_nothing() -> None:
    detail = {"name": "cross_entropy", "target_dtype": "float32"}
    assert calm(facts(marks=(Mark(0, 0.0, CRITERION, detail),)), LEAST) == ()


@pytest.mark.parametrize(
    ("corners", "losses", "is_slower"),
    [
        ([0, 50, 180, 300], [2.3, 0.8, 0.8, 0.75], True),
        ([0, 50, 180, 300], [2.3, 0.8, 0.8, 0.3], True),
        ([0, 150, 240, 300], [2.3, 1.3, 1.3, 0.3], False),
    ],
    ids=["next to nothing since", "slower since", "faster since"],
)
def test_what_is_learnt_by_heart_is_learnt_slower(
    corners: list[int], losses: list[float], is_slower: bool
) -> None:
    run = facts(loss=np.interp(STEPS, corners, losses))
    assert falls_slower_since(run, calm(run, LEAST)) is is_slower


def test_a_loss_that_was_lost_since_says_nothing_of_how_it_fell() -> None:
    run = facts(loss=np.where(STEPS < 250, COURSE, np.nan), total={PREDICTION_ENTROPY: COURSE})
    assert not falls_slower_since(run, calm(run, LEAST))


def test_of_unequal_classes_a_model_that_is_hardly_surer_than_a_constant_is_not_even() -> None:
    commonest = {LABEL_COUNTS[i]: 38.0 if i == 0 else 26 / 9 for i in range(10)}
    unequal = facts({**commonest, PRIOR_LOSS: 1.8})
    assert where_it_lingered(unequal) is None
