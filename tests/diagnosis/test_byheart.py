from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.byheart import by_stairs
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import Found
from lossmon.records import Mark
from lossmon.signals import (
    CONTESTED,
    CRITERION_LOSS,
    EPOCH,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
    PRIOR_LOSS,
    VAL_LOSS,
)

LENGTH = 40
STEPS = np.arange(10 * LENGTH)
OF_PASS, PLACE = STEPS // LENGTH, STEPS % LENGTH / LENGTH
BEGUN = np.where(STEPS % LENGTH == 1, OF_PASS + 1.0, np.nan)
LEARNT = 1.4 + 0.6 * np.exp(-12 * STEPS / LENGTH)
FLAT = np.full(len(STEPS), 1.4)
STAIRS = LEARNT - 0.1 * OF_PASS
UNKNOWN = {CRITERION_LOSS: np.nan, PRIOR_LOSS: np.nan}


def found(
    loss: np.ndarray, scalar: dict[Any, Any] | None = None, *, noise: float = 0.01, **run: Any
) -> Found | None:
    noisy = loss + synth.flat(len(loss), at=0, noise=noise)
    scalars = {EPOCH: BEGUN, **(scalar or {})}
    return by_stairs(Facts(synth.run(len(loss), loss=noisy, scalar=scalars, **run)))


def test_from_a_floor_on_the_loss_falls_between_passes_only() -> None:
    hint = found(STAIRS)
    assert hint is not None
    assert hint.severity == "info"
    assert hint.since_step == LENGTH
    floor, fall = (evidence.reads for evidence in hint.evidence)
    assert floor.startswith("when all examples had been seen once the loss was 1.4")
    assert "where one pass over the data ended and the next began" in fall


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        (LEARNT, "it rests at the floor"),
        (0.2 + 1.5 * np.exp(-STEPS / 150), "it falls within passes"),
        (LEARNT - 1.2 - 0.01 * OF_PASS, "next to all is learnt"),
        (STAIRS + 0.87, "nothing is learnt but by heart"),
        (STAIRS - 0.15 * np.minimum(STEPS, 240) / LENGTH + 0.6, "learnt by heart from the start"),
        (LEARNT - 0.1 * PLACE, "it goes up again between passes"),
        (LEARNT - 0.5 * (OF_PASS >= 7), "it fell once, as augmentation ended"),
    ],
)
def test_no_wrong_labels_are_seen_where(loss: np.ndarray, why: str) -> None:
    assert found(loss) is None, why


def test_a_validation_loss_decides_where_there_is_one() -> None:
    measured = np.where(STEPS % LENGTH == LENGTH - 1, 1.4, np.nan)
    assert found(STAIRS, {VAL_LOSS: measured}) is None


def test_of_a_loss_that_others_move_nothing_is_said() -> None:
    assert found(STAIRS, marks=(Mark(0, 0.0, CONTESTED),)) is None


def test_without_a_constant_to_compare_with_new_examples_have_to_fare_worse() -> None:
    assert found(STAIRS, total=UNKNOWN) is None
    hint = found(STAIRS + 0.1 * PLACE, total=UNKNOWN)
    assert hint is not None
    words = hint.evidence[0].reads
    assert words.startswith("when all examples had been seen once the loss was 1.5")
    assert words.endswith("of 1.68 at first, and as high for examples that come anew")


@pytest.mark.parametrize(("rise", "is_sure"), [(0.004, False), (0.007, True)])
def test_where_something_was_learnt_they_need_not_fare_worse_by_as_much(
    rise: float, is_sure: bool
) -> None:
    assert found(FLAT - 0.1 * OF_PASS + rise * PLACE, total=UNKNOWN) is None
    assert (found(STAIRS + rise * PLACE, total=UNKNOWN) is not None) is is_sure


@pytest.mark.parametrize(("floor", "is_half_left"), [(0.9, True), (0.4, False)])
def test_without_a_constant_half_of_the_first_loss_is_left(
    floor: float, is_half_left: bool
) -> None:
    fell_from_two = floor + (2 - floor) * np.exp(-12 * STEPS / LENGTH)
    hint = found(fell_from_two - 0.03 * OF_PASS + 0.05 * PLACE, total=UNKNOWN)
    assert (hint is not None) is is_half_left


@pytest.mark.parametrize(("noise", "is_sure"), [(0.01, True), (0.1, False)])
def test_little_is_learnt_where_that_is_sure(noise: float, is_sure: bool) -> None:
    hint = found(STAIRS + 0.75 + 0.05 * PLACE, noise=noise)
    assert (hint is not None) is is_sure


def test_a_loss_below_zero_has_no_floor() -> None:
    stairs = STAIRS + 0.1 * PLACE
    assert found(stairs, total=UNKNOWN) is not None
    assert found(stairs - 1.2, total=UNKNOWN) is None


@pytest.mark.parametrize("targets", [64.0, 640.0])
@pytest.mark.parametrize(("confidence", "any_other"), [(0.6, True), (0.3, False)])
def test_any_other_class_has_to_be_as_likely_where_that_is_known(
    confidence: float, any_other: bool, targets: float
) -> None:
    known = {TARGET_COUNT: targets, PREDICTION_CONFIDENCE: confidence, PREDICTION_ENTROPY: 1.4}
    assert (found(STAIRS, total=known) is not None) is any_other


@pytest.mark.parametrize(("targets", "is_told"), [(64.0, True), (640.0, False)])
def test_of_words_it_has_to_be_known(targets: float, is_told: bool) -> None:
    unknown = {TARGET_COUNT: targets, PREDICTION_CONFIDENCE: np.nan}
    assert (found(STAIRS, total=unknown) is not None) is is_told
