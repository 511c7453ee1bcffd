from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.stairs import Stairs, stairs
from lossmon.signals import EPOCH

LENGTH, PASSES = 40, 10
STEPS = np.arange(LENGTH * PASSES)
OF_PASS, PLACE = STEPS // LENGTH, STEPS % LENGTH / LENGTH
BEGUN = np.where(STEPS % LENGTH == 1, OF_PASS + 1.0, np.nan)
LEARNT = 1.4 + 0.6 * np.exp(-12 * STEPS / LENGTH)
"""A relation that is learnt in half a pass, down to a floor."""
BY_HEART = -0.1 * OF_PASS
"""What has come again is known a bit better each time."""


def facts(loss: np.ndarray, begun: np.ndarray = BEGUN, noise: float = 0.01, **run: Any) -> Facts:
    noisy = loss + synth.flat(len(loss), at=0, noise=noise)
    return Facts(synth.run(len(loss), loss=noisy, scalar={EPOCH: begun}, **run))


def seen(loss: np.ndarray, **run: Any) -> Stairs:
    found = stairs(facts(loss, **run))
    assert found is not None
    return found


def test_what_the_loss_falls_between_passes_is_by_how_much_new_examples_are_worse() -> None:
    found = seen(LEARNT + BY_HEART)
    assert found.starts.tolist() == list(range(0, 401, LENGTH))
    assert found.ends[-1] == pytest.approx(0.5, abs=0.03)
    assert found.new[-1] == pytest.approx(1.4, abs=0.1)
    assert found.height == pytest.approx(0.9, abs=0.1)
    assert found.height > 5 * found.error


def test_what_is_learnt_falls_within_passes() -> None:
    found = seen(0.5 + 1.5 * np.exp(-STEPS / 200))
    assert np.abs(found.new - found.ends).max() < 0.1
    assert found.height <= 3 * found.error
    assert found.best > PASSES // 2


def test_what_is_forgotten_within_a_pass_counts_for_new_examples() -> None:
    found = seen(LEARNT + BY_HEART + 0.05 * PLACE)
    assert found.new[-1] == pytest.approx(1.4 + 0.05 * PASSES, abs=0.15)
    assert found.fell == pytest.approx(0.9, abs=0.1)


def test_the_floor_is_the_first_pass_that_is_as_good_as_the_best() -> None:
    within = np.interp(STEPS, [0, 120, 400], [2.0, 1.2, 1.2])
    found = seen(within + np.minimum(0, BY_HEART + 0.2))
    assert found.best == 2
    assert found.before < 0.15


def test_the_error_of_the_floor_is_that_of_noise() -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (200, len(STEPS)))
    found = [stairs(facts(LEARNT + BY_HEART + PLACE + each, noise=0)) for each in noise]
    floors = [(each.floor, each.doubt) for each in found if each is not None and each.best == 0]
    assert len(floors) == 200
    apart, errors = np.transpose(floors)
    assert 0.85 < apart.std() / errors.mean() < 1.15


@pytest.mark.parametrize("seed", range(5))
def test_the_error_is_that_of_noise(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.2, (40, len(STEPS)))
    found = [stairs(facts(1.4 + each, noise=0)) for each in noise]
    apart = [(each.new - each.ends)[-1] for each in found if each is not None]
    errors = [np.sqrt(each.variances.sum()) for each in found if each is not None]
    assert len(apart) == 40
    assert 0.6 < np.std(apart) / np.mean(errors) < 1.4


def test_the_error_of_a_height_over_few_passes_is_no_larger_than_its_noise() -> None:
    few = slice(4 * LENGTH)
    noise = np.random.default_rng(0).normal(0, 0.1, (400, 4 * LENGTH))
    rising = (LEARNT + BY_HEART + PLACE)[few]
    found = [stairs(facts(rising + each, BEGUN[few], noise=0)) for each in noise]
    heights = [(each.height, each.error) for each in found if each is not None and each.best == 0]
    assert len(heights) == 400
    apart, errors = np.transpose(heights)
    assert 0.93 < apart.std() / errors.mean() < 1.07


def test_a_cut_of_the_learning_rate_between_passes_lowers_the_loss_of_itself() -> None:
    cut = seen(LEARNT + BY_HEART, lr=1e-3 * 0.9**OF_PASS)
    assert cut.cooled[-1] == pytest.approx(0.1 * cut.ends[:-1].sum(), rel=1e-6)
    assert cut.height < 0.2
    steady = seen(LEARNT + BY_HEART, lr=1e-3 * 1.1**OF_PASS)
    assert steady.cooled.tolist() == [0.0] * PASSES


def test_of_passes_in_a_fixed_order_nothing_is_said() -> None:
    hard = np.random.default_rng(0).normal(0, 0.1, LENGTH)
    assert stairs(facts(LEARNT + BY_HEART + hard[STEPS % LENGTH])) is None


@pytest.mark.parametrize(
    ("begun", "why"),
    [
        (np.full(len(STEPS), np.nan), "no passes known"),
        (np.where(STEPS < 2 * LENGTH, BEGUN, np.nan), "two passes"),
        (np.where(STEPS > LENGTH, BEGUN, np.nan), "begun before it was watched"),
        (np.where(OF_PASS == 4, np.nan, BEGUN), "one that is twice as long"),
        (np.where(STEPS % 10 == 1, STEPS // 10 + 1.0, np.nan), "ten steps each"),
        (BEGUN / 10, "shares of an epoch, by another tool"),
        (np.where(STEPS % LENGTH == 1, 1.0, np.nan), "the same epoch all the time"),
        (np.where(STEPS % LENGTH == 1, OF_PASS // 2 + 1.0, np.nan), "each epoch told twice"),
    ],
)
def test_of_no_whole_passes_nothing_is_said(begun: np.ndarray, why: str) -> None:
    assert stairs(facts(LEARNT + BY_HEART, begun)) is None, why


def test_a_training_that_was_resumed_counts_from_one_again() -> None:
    again = np.where(STEPS % LENGTH == 1, OF_PASS % 5 + 1.0, np.nan)
    found = stairs(facts(LEARNT + BY_HEART, again))
    assert found is not None
    assert found.starts.tolist() == list(range(0, 401, LENGTH))


def test_a_loss_that_was_lost_in_a_pass_is_no_number() -> None:
    assert stairs(facts(np.where(STEPS == 200, np.nan, LEARNT))) is None


def test_a_pass_that_was_not_ended_is_left_out() -> None:
    found = stairs(facts((LEARNT + BY_HEART)[:390], BEGUN[:390]))
    assert found is not None
    assert found.starts[-1] == 360


def test_the_evidence_says_where_the_loss_fell_and_rose() -> None:
    rising = seen(LEARNT + BY_HEART + 0.1 * PLACE).evidence()
    assert "within passes it rose by" in rising.reads
    assert (rising.first_step, rising.last_step) == (LENGTH, 399)
    assert rising.observed > rising.limit == 3
    falling = seen(LEARNT + BY_HEART - 0.02 * STEPS / LENGTH).evidence()
    assert "within passes it fell by" in falling.reads
