"""Buckets keep every extreme; the trend is the mean that TensorBoard's smoothing would give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.records import BucketRows, Series
from lossmon.report.curve import bucketed, non_finite, smoothed


def _series(values: np.ndarray) -> Series:
    steps = np.arange(len(values), dtype=np.int64)
    return Series("train/loss", steps, steps.astype(np.float64), np.asarray(values, np.float64))


def test_buckets_of_a_short_series_are_its_points(rng: np.random.Generator) -> None:
    series = _series(rng.normal(size=50))
    points = bucketed(series, series.values)
    assert points.first.tolist() == points.last.tolist() == list(range(50))
    np.testing.assert_array_equal(points.low, series.values)
    np.testing.assert_array_equal(points.high, series.values)


def test_buckets_keep_a_single_spike_of_a_long_series(rng: np.random.Generator) -> None:
    values = rng.normal(size=200_003)
    values[123_456], values[99] = 1e6, -1e6
    points = bucketed(_series(values), values, buckets=1000)
    assert len(points) == 1000
    assert (points.high.max(), points.low.min()) == (1e6, -1e6)
    assert points.count.sum() == len(values)
    assert (points.first[1:] == points.last[:-1] + 1).all()


def test_buckets_leave_values_that_are_not_finite_out_of_the_extremes() -> None:
    values = np.array([1.0, np.nan, 3.0, np.inf, -np.inf, np.nan])
    points = bucketed(_series(values), values, buckets=2)
    assert (points.low[0], points.high[0]) == (1.0, 3.0)
    assert np.isnan([points.low[1], points.high[1], points.smooth[1]]).all()


@pytest.mark.parametrize("count", [1, 127, 128, 129, 1000])
def test_trend_equals_the_weighted_mean_of_all_points_so_far(
    count: int, rng: np.random.Generator
) -> None:
    values, keep = rng.normal(size=count), 1 - 2 / 11
    weights = keep ** np.arange(count)[::-1]
    trend = smoothed(values, 10)
    assert trend[0] == pytest.approx(values[0])
    assert trend[-1] == pytest.approx(np.average(values, weights=weights))


def test_trend_passes_over_values_that_are_not_finite() -> None:
    trend = smoothed(np.array([np.nan, 2.0, np.inf, 2.0, np.nan]), 5)
    assert np.isnan(trend[0])
    np.testing.assert_allclose(trend[1:], 2.0)


@given(
    st.lists(st.floats(-1e300, 1e300) | st.just(np.nan) | st.just(np.inf), max_size=300),
    st.floats(1, 1e6),
)
@settings(max_examples=60)
def test_trend_stays_between_the_extremes_of_any_values(values: list[float], span: float) -> None:
    array = np.array(values, np.float64)
    finite = array[np.isfinite(array)]
    trend = smoothed(array, span)
    assert trend.shape == array.shape
    known = trend[np.isfinite(trend)]
    assert not np.isinf(trend).any()
    if len(known):
        slack = 1e-9 * np.abs(finite).max()
        assert finite.min() - slack <= known.min()
        assert known.max() <= finite.max() + slack


def test_stretches_that_are_not_finite_are_found_with_their_ends() -> None:
    values = np.array([np.nan, 1.0, np.inf, np.nan, 1.0, 1.0, np.nan])
    assert non_finite(_series(values)) == ((0, 0), (2, 3), (6, 6))


def test_stretches_beyond_the_limit_are_joined_to_the_last() -> None:
    values = np.where(np.arange(100) % 2 == 0, np.nan, 1.0)
    found = non_finite(_series(values), limit=3)
    assert found == ((0, 0), (2, 2), (4, 98))


def test_curve_of_no_points_is_empty() -> None:
    empty = _series(np.zeros(0))
    assert len(bucketed(empty, empty.values)) == 0
    assert non_finite(empty) == ()


def test_stretch_of_a_long_series_reaches_to_the_end_of_its_bucket() -> None:
    table = np.array([[np.nan, np.nan, np.nan, 6.0, 0.0, np.nan, 2.0, 7.0]])
    steps, values = np.array([0, 1, 2, 8]), np.array([1.0, 1.0, np.nan, 1.0])
    series = Series("train/loss", steps, steps * 1.0, values, BucketRows(np.array([2]), table))
    assert non_finite(series) == ((2, 7),)
