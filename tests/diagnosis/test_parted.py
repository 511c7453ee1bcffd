from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import BATCH_SIZE, LABEL_COUNTS, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.byheart import by_parting
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.parted import Parted, parted
from lossmon.diagnosis.synthnorms import normed, probed_in_both
from lossmon.records import Mark
from lossmon.signals import (
    CONTESTED,
    CRITERION_LOSS,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
    PRIOR_LOSS,
    VAL_LOSS,
)

STEPS = np.arange(400)
LEARNT = 1.4 + 0.9 * np.exp(-STEPS / 15)
HEART = 0.5 * np.maximum(STEPS - 100, 0) / 300
UNKNOWN = {CRITERION_LOSS: np.nan, PRIOR_LOSS: np.nan}


def facts(training: np.ndarray, valid: np.ndarray, **run: Any) -> Facts:
    measured = np.where(
        STEPS % 20 == 19, valid + synth.flat(400, at=0, noise=0.005, seed=1), np.nan
    )
    noisy = training + synth.flat(400, at=0, noise=0.05)
    return Facts(synth.run(400, loss=noisy, scalar={VAL_LOSS: measured}, **run))


def test_the_training_loss_falls_from_where_the_validation_loss_stays() -> None:
    found = parted(facts(LEARNT - HEART, LEARNT))
    assert isinstance(found, Parted)
    assert 39 <= found.course.low_step <= 99
    assert found.then == pytest.approx(1.43, abs=0.05)
    assert found.now == pytest.approx(0.92, abs=0.05)


@pytest.mark.parametrize(
    ("training", "valid", "why"),
    [
        (LEARNT, LEARNT, "neither falls any more"),
        (LEARNT - HEART, LEARNT - HEART, "both fall"),
        (LEARNT - HEART, LEARNT + 0.5, "the training loss was lower from the start"),
        (LEARNT + 0.5 - HEART, LEARNT, "it was higher, as with dropout"),
        (LEARNT - HEART / 4, LEARNT, "it has hardly fallen"),
        (LEARNT - 1.3 - HEART / 6, LEARNT - 1.3, "next to all is learnt"),
        (np.full(400, 2.3) - HEART, np.full(400, 2.3), "nothing is learnt"),
    ],
)
def test_nothing_is_said_where(training: np.ndarray, valid: np.ndarray, why: str) -> None:
    assert parted(facts(training, valid)) is None, why


def test_a_loss_that_others_move_has_not_parted() -> None:
    assert parted(facts(LEARNT - HEART, LEARNT, marks=(Mark(0, 0.0, CONTESTED),))) is None


def test_a_fall_within_noise_is_none() -> None:
    noise = synth.flat(400, at=0, noise=1.5, seed=3)
    assert parted(facts(LEARNT - 0.6 * HEART + noise, LEARNT)) is None


def test_where_training_losses_are_missing_nothing_is_said() -> None:
    assert parted(facts(np.where(STEPS < 120, np.nan, LEARNT - HEART), LEARNT)) is None


def test_it_is_told_for_information_from_where_they_parted() -> None:
    hint = by_parting(facts(LEARNT - HEART, LEARNT))
    assert hint is not None
    assert hint.severity == "info"
    floor, fall = (evidence.reads for evidence in hint.evidence)
    assert floor.startswith("the validation loss hardly falls below 1.4")
    assert "while the validation loss is 1.4" in fall


@pytest.mark.parametrize(("floor", "is_half_left"), [(1.4, True), (0.5, False)])
def test_where_no_constant_is_known_half_of_the_first_loss_is_left(
    floor: float, is_half_left: bool
) -> None:
    fell = floor + (2.3 - floor) * np.exp(-STEPS / 15)
    hint = by_parting(facts(fell - floor / 1.4 * HEART, fell, total=UNKNOWN))
    assert (hint is not None) is is_half_left
    if hint is not None:
        assert "at first" in hint.evidence[0].reads


@pytest.mark.parametrize(("confidence", "any_other"), [(0.6, True), (0.3, False)])
def test_any_other_class_has_to_be_as_likely(confidence: float, any_other: bool) -> None:
    known = {PREDICTION_CONFIDENCE: confidence, PREDICTION_ENTROPY: 1.4}
    hint = by_parting(facts(LEARNT - HEART, LEARNT, total=known))
    assert (hint is not None) is any_other


@pytest.mark.parametrize(("values", "is_told"), [(64.0, True), (4.0, False)])
def test_running_statistics_that_may_be_off_leave_it_open(values: float, is_told: bool) -> None:
    found = parted(facts(LEARNT - HEART, LEARNT, layers=normed(values=values)))
    assert (found is not None) is is_told


def test_a_probe_in_both_modes_leaves_open_what_batches_of_one_class_give_away() -> None:
    each = np.where(STEPS % 2, 64.0, 0.0)
    one_class = {**dict.fromkeys(LABEL_COUNTS, 0.0), LABEL_COUNTS[0]: each, BATCH_SIZE: 64.0}
    one_class |= {LABEL_COUNTS[1]: 64 - each, TARGET_COUNT: 64.0}
    alike = {"layers": normed(values=64.0), "marks": (probed_in_both(1.0, 1.0),)}
    assert parted(facts(LEARNT - HEART, LEARNT, **alike)) is not None
    assert parted(facts(LEARNT - HEART, LEARNT, total=one_class, **alike)) is None
