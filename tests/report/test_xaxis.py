"""Steps have a place on every axis, and times ascend whatever a clock did."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.records import Series
from lossmon.report.xaxis import IDENTITY, ruler

STEPS = np.array([0, 10, 20, 30])
SERIES = Series("train/loss", STEPS, np.array([100.0, 101.0, 99.0, 103.0]), np.ones(4))


def test_on_the_axis_of_steps_a_step_is_its_own_place() -> None:
    scale = ruler(SERIES, "step")
    assert scale.place([3, 7]).tolist() == [3, 7]
    assert scale.knots() is None
    assert IDENTITY.spans([(1, 2)]) == [(1.0, 2.0)]


def test_time_goes_on_between_points_and_never_back() -> None:
    scale = ruler(SERIES, "relative")
    assert scale.place([0, 5, 10, 20, 30, 99]).tolist() == [0, 0.5, 1, 1, 3, 3]
    assert scale.step(2.0) == pytest.approx(25)


def test_wall_time_is_in_milliseconds() -> None:
    assert ruler(SERIES, "wall").place([30]).tolist() == [103_000]


def test_knots_are_few_and_hold_both_ends() -> None:
    steps = np.arange(5000)
    long = Series("train/loss", steps, steps * 2.0, np.ones(5000))
    knots = ruler(long, "relative").knots()
    assert knots is not None
    assert len(knots[0]) <= 256
    assert (knots[0][0], knots[1][-1]) == (0, 9998)
