"""The course of the validation loss, and the order of batches."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import LABEL_COUNTS, TARGET_MEAN, TARGET_STD
from lossmon.diagnosis import synth
from lossmon.diagnosis.batchorder import expected_entropy, order
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.validation import validation
from lossmon.signals import VAL_LOSS


def test_too_few_validation_losses_have_no_course() -> None:
    few = np.where(np.arange(300) % 100 == 99, 1.0, np.nan)
    assert validation(synth.run(scalar={VAL_LOSS: few})) is None


def test_a_turn_is_dated_to_the_first_value_after_the_best() -> None:
    values = np.full(300, np.nan)
    values[29::30] = [2.0, 1.5, 1.2, 1.0, 1.1, 1.3, 1.5, 1.7, 1.9, 2.1]
    course = validation(synth.run(scalar={VAL_LOSS: values}))
    assert course is not None
    assert course.has_turned
    assert course.turned_step in (120 - 1, 150 - 1)
    assert course.now == 1.9


def test_one_lucky_value_is_no_best() -> None:
    values = np.full(300, np.nan)
    values[29::30] = [2.0, 1.5, 1.2, 0.5, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1]
    course = validation(synth.run(scalar={VAL_LOSS: values}))
    assert course is not None
    assert not course.has_turned


def test_batches_drawn_at_random_are_not_sorted() -> None:
    found = order(Facts(synth.run()))
    assert found is not None
    assert abs(found.sorted_share) < 0.05
    assert found.neighbours == pytest.approx(found.others, abs=0.05)


def test_batches_of_one_class_each_are_sorted_and_alike_where_they_come_in_a_row() -> None:
    one_hot = 64.0 * np.eye(len(LABEL_COUNTS))[np.arange(300) // 30]
    counts = {signal: one_hot[:, i] for i, signal in enumerate(LABEL_COUNTS)}
    found = order(Facts(synth.run(total=counts)))
    assert found is not None
    assert found.sorted_share == pytest.approx(1)
    assert found.neighbours > 0.9 > 0.2 > found.others


def test_batches_of_one_example_say_nothing_of_their_order() -> None:
    one_hot = np.eye(len(LABEL_COUNTS))[np.arange(300) % 10]
    counts = {signal: one_hot[:, i] for i, signal in enumerate(LABEL_COUNTS)}
    assert order(Facts(synth.run(total=counts))) is None


def test_of_values_the_variance_between_batches_tells() -> None:
    total = dict.fromkeys(LABEL_COUNTS, np.nan)
    given = {**total, TARGET_MEAN: np.linspace(-2, 2, 300), TARGET_STD: 0.1}
    found = order(Facts(synth.run(total=given)))
    assert found is not None
    assert found.sorted_share > 0.9


def test_the_expected_entropy_of_many_draws_is_that_of_the_shares() -> None:
    assert expected_entropy((0.25,) * 4, 10_000) == pytest.approx(np.log(4), abs=0.01)
