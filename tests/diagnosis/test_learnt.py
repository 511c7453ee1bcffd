from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.learnt import beginning, constant


def test_a_tenth_of_what_a_constant_costs_has_to_be_left() -> None:
    assert constant(2.0).is_left(0.21)
    assert not constant(2.0).is_left(0.19)


@pytest.mark.parametrize(
    ("floor", "error", "is_sure"),
    [(1.9, 0.0, True), (1.97, 0.0, False), (1.9, 0.03, False), (1.8, 0.03, True)],
)
def test_little_is_learnt_where_the_floor_is_lower_for_sure(
    floor: float, error: float, is_sure: bool
) -> None:
    assert constant(2.0).is_left_behind(floor, error) is is_sure


def test_where_no_constant_is_known_half_of_the_first_losses_has_to_be_left() -> None:
    start = beginning(Facts(synth.run(loss=synth.flat(300, at=2.0, noise=0.02))))
    assert start.loss == pytest.approx(2.0, abs=0.03)
    assert start.is_left(1.1)
    assert not start.is_left(0.9)


@pytest.mark.parametrize("fall", [0.0, 0.03])
def test_how_far_the_first_losses_are_apart_is_no_fall_of_theirs(fall: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (100, 300))
    falling = 2.0 - fall * np.minimum(np.arange(300), 40)
    starts = [beginning(Facts(synth.run(loss=falling + each))) for each in noise]
    apart = np.std([start.loss for start in starts])
    assert 0.8 < apart / np.mean([start.error for start in starts]) < 1.25


def test_of_first_losses_that_are_no_numbers_nothing_is_known() -> None:
    lost = np.where(np.arange(300) < 40, np.inf, 1.0)
    start = beginning(Facts(synth.run(loss=lost)))
    assert np.isnan(start.loss)
    assert not start.is_left(1.0)
    assert not start.is_left_behind(0.5, 0.0)
