"""What was held out of a training is judged by its own loss, pass by pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.byheart import by_stairs
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import Found
from lossmon.diagnosis.rules import overfitting
from lossmon.diagnosis.unseen import FEW, Unseen, unseen
from lossmon.records import Mark, Series
from lossmon.signals import CRITERION_LOSS, EPOCH, HOLD_OUT, PRIOR_LOSS, VAL_LOSS, VAL_LOSS_ERROR

LENGTH = 40
STEPS = np.arange(10 * LENGTH)
OF_PASS = STEPS // LENGTH
BEGUN = np.where(STEPS % LENGTH == 1, OF_PASS + 1.0, np.nan)
LEARNT = 1.4 + 0.6 * np.exp(-12 * STEPS / LENGTH)
BY_HEART = LEARNT - 0.05 * OF_PASS
"""Falls by a step at each pass, as what comes again is known a bit better."""
HELD = {"examples": 200, "of": 1000}
UNKNOWN = {CRITERION_LOSS: np.nan, PRIOR_LOSS: np.nan}


def facts(
    loss: np.ndarray, new: np.ndarray, detail: dict[str, Any] | None = None, **run: Any
) -> Facts:
    """Return a run with what was held out at the last step of each pass."""
    noisy = loss + synth.flat(len(loss), at=0, noise=0.02)
    before_a_pass = STEPS[: len(loss)] % LENGTH == LENGTH - 1
    measured = np.where(before_a_pass, new + synth.flat(len(loss), at=0, noise=0.002), np.nan)
    scalar = {EPOCH: BEGUN[: len(loss)], VAL_LOSS: measured}
    marks = (Mark(LENGTH, 1.0, HOLD_OUT, HELD if detail is None else detail),)
    return Facts(synth.run(len(loss), loss=noisy, scalar=scalar, marks=marks, **run))


def seen(loss: np.ndarray, new: np.ndarray, **run: Any) -> Unseen:
    found = unseen(facts(loss, new, **run))
    assert found is not None
    return found


def of_few_passes(loss: np.ndarray, new: np.ndarray, error: float) -> Found | None:
    """Return what is said of three passes with such errors of what was held out."""
    part = slice(3 * LENGTH + 10)
    run = facts(loss[part], new[part]).run
    steps = np.arange(1, 4) * LENGTH - 1
    values = np.array([np.nan, error, error])
    errors = Series(VAL_LOSS_ERROR.tag, steps, np.zeros(3), values)
    return by_stairs(Facts(replace(run, series={**run.series, errors.tag: errors})))


def said(loss: np.ndarray, new: np.ndarray, **run: Any) -> Found | None:
    return by_stairs(facts(loss, new, **run))


def test_the_two_losses_are_held_against_each_other_from_the_second_pass_on() -> None:
    found = seen(BY_HEART, LEARNT)
    assert found.starts.tolist() == list(range(LENGTH, 401, LENGTH))
    assert found.ends == pytest.approx(1.4 - 0.05 * np.arange(1, 10), abs=0.02)
    assert found.new == pytest.approx(np.full(9, 1.4), abs=0.02)
    assert found.height == pytest.approx(0.4, abs=0.02)


def test_the_error_is_that_of_a_gap_of_two_passes() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, (200, 11))
    found = [seen(LEARNT, LEARNT + each[OF_PASS]) for each in noise]
    heights = [(each.height, each.error) for each in found]
    apart, errors = np.transpose(heights)
    assert 0.6 < apart.std() / errors.mean() < 1.2


def test_what_is_learnt_by_heart_from_a_floor_on_is_told() -> None:
    found = said(BY_HEART, LEARNT)
    assert found is not None
    assert found.severity == "info"
    floor, heart = found.evidence
    assert "in pass 2 the loss was 1.3" in floor.reads
    assert "fallen by 0.41 for examples that come again, while that of examples held out" in (
        heart.reads
    )


@pytest.mark.parametrize(
    ("loss", "new", "why"),
    [
        (LEARNT, LEARNT, "neither falls"),
        (2 - OF_PASS / 8, 2 - OF_PASS / 8, "new examples get better as well"),
        (BY_HEART - 0.4 * (OF_PASS > 0), LEARNT, "few examples: far better at once"),
        (BY_HEART + 0.89, LEARNT + 0.89, "nothing was learnt before"),
        (LEARNT - 0.004 * OF_PASS, LEARNT, "next to nothing is learnt by heart"),
    ],
)
def test_nothing_is_told_where(loss: np.ndarray, new: np.ndarray, why: str) -> None:
    assert said(loss, new) is None, why


def test_a_little_that_was_learnt_counts_where_it_is_sure() -> None:
    little = np.interp(OF_PASS, [0, 2, 3, 9], [0.09, 0.02, 0.0, 0.0])
    loss = synth.PRIOR - 0.1 + little - 0.02 * OF_PASS
    assert said(loss, synth.PRIOR - 0.1 + little) is not None


def test_of_a_loss_without_a_known_constant_what_was_learnt_counts_as_well() -> None:
    assert said(BY_HEART, LEARNT, total=UNKNOWN) is not None
    assert said(BY_HEART + 1, LEARNT + 1 - 0.05 * OF_PASS, total=UNKNOWN) is None


def test_of_few_passes_the_batches_held_out_tell_the_error() -> None:
    early = 1.4 - 0.15 * OF_PASS + 0.6 * np.exp(-12 * STEPS / LENGTH)
    assert of_few_passes(early + 0.1, LEARNT, error=0.01) is not None
    assert of_few_passes(early + 0.1, LEARNT, error=0.1) is None
    assert of_few_passes(LEARNT, LEARNT, error=0.01) is None
    assert of_few_passes(early + 0.1, LEARNT, error=np.nan) is None


def test_too_few_passes_have_no_course() -> None:
    few = FEW * LENGTH
    assert unseen(facts(BY_HEART[: few - LENGTH], LEARNT[: few - LENGTH])) is None
    assert unseen(facts(BY_HEART[:few], LEARNT[:few])) is not None


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"examples": 9, "of": 0},
        {"examples": "x", "of": None},
        {"examples": 10**400, "of": 10**400 + 1},
    ],
)
def test_a_mark_that_tells_nothing_is_none(detail: dict[str, Any]) -> None:
    assert unseen(facts(BY_HEART, LEARNT, detail)) is None


def test_a_validation_loss_of_the_scripts_own_is_not_taken_for_it() -> None:
    before = np.where(STEPS % LENGTH == LENGTH - 1, LEARNT, np.nan)
    run = synth.run(len(STEPS), loss=BY_HEART, scalar={EPOCH: BEGUN, VAL_LOSS: before})
    assert unseen(Facts(run)) is None


@pytest.mark.parametrize(("marks", "severity"), [(True, "info"), (False, "warning")])
def test_overfitting_is_a_note_where_lossmon_has_taken_a_fifth_of_the_data(
    marks: bool, severity: str
) -> None:
    at = STEPS / len(STEPS)
    turned = np.where(OF_PASS > 0, 3.0 - 4 * np.minimum(at, 0.35) + 3 * np.maximum(at - 0.35, 0), 3)
    measured = np.where(STEPS % LENGTH == LENGTH - 1, turned, np.nan)
    run = synth.run(
        len(STEPS),
        loss=synth.falling(len(STEPS), end=0.05),
        scalar={VAL_LOSS: measured},
        marks=(Mark(LENGTH, 1.0, HOLD_OUT, HELD),) if marks else (),
    )
    found = overfitting.RULE.check(Facts(run))
    assert isinstance(found, Found)
    assert found.severity == severity


def test_passes_count_up_to_the_first_without_a_loss_of_what_was_held_out() -> None:
    missing = np.where(STEPS == 7 * LENGTH - 1, np.nan, LEARNT)
    found = seen(BY_HEART, missing)
    assert found.starts.tolist() == [LENGTH * number for number in range(1, 7)]
    assert found.new == pytest.approx(np.full(5, 1.4), abs=0.02)
    assert unseen(facts(BY_HEART, np.where(STEPS == 3 * LENGTH - 1, np.nan, LEARNT))) is None


def test_of_a_run_that_ends_within_a_pass_the_whole_passes_count() -> None:
    part = 6 * LENGTH + LENGTH // 2
    found = seen(BY_HEART[:part], LEARNT[:part])
    assert found.starts.tolist() == [LENGTH * number for number in range(1, 7)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_loss_as_large_as_there_is_raises_nothing(sign: int) -> None:
    with np.errstate(all="ignore"):
        assert said(BY_HEART, sign * LEARNT * 1.2e308 / 2) is None


def test_of_short_passes_the_mean_is_enough() -> None:
    short, of_pass = 5, STEPS // 5
    begun = np.where(STEPS % short == 1, of_pass + 1.0, np.nan)
    measured = np.where(STEPS % short == short - 1, 1.4 + 0.6 * np.exp(-of_pass), np.nan)
    loss = 1.4 + 0.6 * np.exp(-of_pass) - 0.005 * of_pass + synth.flat(len(STEPS), at=0, noise=0.02)
    scalar = {EPOCH: begun, VAL_LOSS: measured}
    marks = (Mark(short, 1.0, HOLD_OUT, HELD),)
    found = by_stairs(Facts(synth.run(len(STEPS), loss=loss, scalar=scalar, marks=marks)))
    assert found is not None
    assert found.since_step < 10 * short
