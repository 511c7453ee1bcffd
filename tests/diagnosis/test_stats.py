from __future__ import annotations

import doctest

import numpy as np
import pytest

from lossmon.diagnosis import stats
from lossmon.diagnosis.trend import trend


def test_examples_in_the_docs_are_true() -> None:
    assert doctest.testmod(stats).failed == 0


def test_theil_sen_is_the_slope_of_a_line_whatever_a_quarter_of_the_points_does() -> None:
    values = np.arange(20.0)
    values[[3, 9, 15]] = 1e6
    assert stats.theil_sen(values) == pytest.approx(1.0)


def test_block_means_leave_out_what_is_not_finite() -> None:
    values = np.array([1.0, np.nan, 3.0, np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(stats.block_means(values, 3), [1.0, 3.0, np.nan])


def test_change_error_is_that_of_a_least_squares_line() -> None:
    rng = np.random.default_rng(0)
    lines = [np.polyfit(np.arange(20), rng.normal(0, 1, 20), 1)[0] * 20 for _ in range(400)]
    errors = [stats.change_error(rng.normal(0, 1, 20)) for _ in range(400)]
    assert np.median(errors) == pytest.approx(np.std(lines), rel=0.25)


def test_median_of_columns_is_numpys_over_finite_entries() -> None:
    values = np.random.default_rng(0).normal(size=(17, 5))
    values[::3, 2] = np.nan
    values[:, 4] = np.nan
    got = stats.median_of_columns(values)
    np.testing.assert_allclose(got[:4], np.nanmedian(values[:, :4], axis=0))
    assert np.isnan(got[4])


@pytest.mark.parametrize(
    ("change", "direction"), [(-0.5, "falling"), (0.5, "rising"), (0.0, "flat"), (-0.004, "flat")]
)
def test_trend_knows_up_from_down_from_nothing(change: float, direction: str) -> None:
    rng = np.random.default_rng(3)
    losses = 1 + np.linspace(0, change, 500) + rng.normal(0, 0.01, 500)
    assert trend(losses, scale=1.0).direction == direction


def test_flat_noise_is_called_falling_in_few_windows() -> None:
    rng = np.random.default_rng(4)
    called = [trend(rng.normal(1, 0.1, 500), scale=1.0).direction for _ in range(200)]
    assert called.count("falling") <= 0.1 * 200
