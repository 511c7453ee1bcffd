from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.tui.scale import (
    Axis,
    log_step_axis,
    step_axis,
    step_ticks,
    time_axis,
    value_axis,
    value_ticks,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.floats(min_value=5e-324, max_value=1.7e308)


@given(FINITE, FINITE)
def test_a_value_axis_holds_its_values(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    axis = value_axis(low, high, log=False)
    assert axis.low < axis.high
    assert math.isfinite(axis.low)
    assert math.isfinite(axis.high)
    assert axis.low <= max(low, -1e300)
    assert axis.high >= min(high, 1e300)


@given(POSITIVE, POSITIVE)
def test_a_log_axis_holds_its_values_and_stays_positive(one: float, other: float) -> None:
    low, high = max(min(one, other), 1e-290), min(max(one, other), 1e290)
    if low > high:
        return
    axis = value_axis(low, high, log=True)
    assert 0 < axis.low < axis.high
    assert axis.low <= low * (1 + 1e-9)
    assert axis.high >= high * (1 - 1e-9)


@given(FINITE, FINITE, st.integers(2, 12), st.booleans())
def test_ticks_are_few_ascending_inside_and_told_apart(
    one: float, other: float, most: int, log: bool
) -> None:
    low, high = min(one, other), max(one, other)
    axis = value_axis(low, high, log=log and low > 1e-290 and high < 1e290)
    ticks = value_ticks(axis, most)
    values, labels = [value for value, _ in ticks], [label for _, label in ticks]
    assert values == sorted(set(values))
    assert len(ticks) <= max(most, 9)
    room = (axis.high - axis.low) * 1e-6
    assert all(axis.low - room <= value <= axis.high + room for value in values)
    assert len(set(labels)) == len(labels)


def test_a_value_axis_stays_while_its_values_fit() -> None:
    axis = value_axis(1.0, 3.0, log=False)
    assert value_axis(1.2, 2.9, log=False, before=axis) == axis
    assert value_axis(1.3, 2.9, log=False, before=axis) == axis


def test_a_value_axis_follows_values_that_leave_it_or_shrink_to_less_than_half() -> None:
    axis = value_axis(1.0, 3.0, log=False)
    assert value_axis(1.0, 4.0, log=False, before=axis) != axis
    assert value_axis(1.0, 1.2, log=False, before=axis) != axis


def test_a_value_axis_is_not_kept_from_another_scale() -> None:
    axis = value_axis(1.0, 300.0, log=False)
    assert value_axis(1.0, 300.0, log=True, before=axis).log


def test_a_step_axis_of_a_growing_run_moves_seldom() -> None:
    ends = {step_axis(0, last, growing=True).high for last in range(10_000, 20_000)}
    assert len(ends) <= 5


def test_a_step_axis_of_an_ended_run_ends_with_it() -> None:
    assert step_axis(0, 1234, growing=False) == Axis(0, 1234)


@pytest.mark.parametrize(("first", "low"), [(0, 0), (50, 0), (900_000, 900_000)])
def test_a_step_axis_begins_at_zero_unless_the_run_began_far_from_it(first: int, low: int) -> None:
    assert step_axis(first, 1_000_000, growing=False).low == low


def test_step_labels_are_told_apart() -> None:
    labels = [label for _, label in step_ticks(Axis(1_000_000, 1_000_200), 6)]
    assert len(set(labels)) == len(labels)
    assert [label for _, label in step_ticks(Axis(0, 40_000), 5)] == [
        "0",
        "10k",
        "20k",
        "30k",
        "40k",
    ]


def test_a_share_beyond_the_axis_is_cut() -> None:
    axis = Axis(1.0, 100.0, True)
    assert axis.share(10.0) == pytest.approx(0.5)
    assert [axis.share(value) for value in (-1.0, 0.0, 0.5, 1e9, math.inf)] == [0, 0, 0, 1, 1]


def test_a_label_for_which_there_is_no_room_loses_digits_and_never_its_exponent() -> None:
    ticks = value_ticks(Axis(9.995e-10, 1.0005e-9), 6)
    assert [label for _, label in ticks] == ["1e-09"]
    assert abs(ticks[0][0] - 1e-9) < 1e-13
    assert all(len(label) <= 7 for _, label in value_ticks(Axis(-1.2346e6, -1.2345e6), 6))


def test_time_is_counted_in_round_units_and_log_steps_in_powers_of_ten() -> None:
    assert [label for _, label in step_ticks(time_axis(0, 3600, growing=False), 5)] == [
        "0s", "20m00s", "40m00s", "1h00m",
    ]  # fmt: skip
    assert [label for _, label in step_ticks(log_step_axis(0, 50_000), 8)] == [
        "1", "10", "100", "1k", "10k",
    ]  # fmt: skip
    days = step_ticks(time_axis(0, 40 * 86400, growing=False), 5)
    assert [label for _, label in days][:2] == ["0s", "10d00h"]


def test_a_share_of_an_axis_and_the_value_there_are_inverse() -> None:
    for axis in (Axis(3.0, 9.0), log_step_axis(0, 1000)):
        for share in (0.0, 0.25, 1.0):
            assert axis.share(axis.at(share)) == pytest.approx(share)
