from __future__ import annotations

import numpy as np
import pytest

from lossmon.records import Floats, Series
from lossmon.tui.points import condense


def series(values: Floats, first: int = 0) -> Series:
    n = len(values)
    return Series("train/loss", np.arange(first, first + n), np.arange(n) * 1.0, values)


@pytest.mark.parametrize("n", [1, 2, 4096, 4097, 8192, 100_001])
def test_points_are_few_and_end_with_the_series(n: int, rng: np.random.Generator) -> None:
    values = rng.standard_normal(n)
    points = condense(series(values, first=10))
    assert len(points) <= 4096
    assert points.first_step == 10
    assert int(points.steps[-1]) == 9 + n
    assert points.last_value == values[-1]


def test_no_extreme_is_lost(rng: np.random.Generator) -> None:
    values = rng.standard_normal(50_000)
    points = condense(series(values))
    assert points.low.min() == values.min()
    assert points.high.max() == values.max()


def test_a_single_bad_value_is_kept(rng: np.random.Generator) -> None:
    values = rng.standard_normal(50_000)
    values[12_345] = np.nan
    points = condense(series(values))
    assert points.bad.sum() == 1
    assert np.isfinite(points.low).all()


def test_a_stretch_without_finite_values_has_no_range_and_no_trend() -> None:
    values = np.ones(100)
    values[50:] = np.inf
    points = condense(series(values))
    assert np.isnan(points.low[50:]).all()
    assert np.isnan(points.trend[50:]).all()
    assert points.trend[:50] == pytest.approx(1.0)


def test_buckets_stay_as_they_are_when_points_come(rng: np.random.Generator) -> None:
    values = rng.standard_normal(12_000)
    before, after = condense(series(values[:11_000])), condense(series(values))
    kept = len(before) - 1
    np.testing.assert_array_equal(before.low[:kept], after.low[:kept])
    np.testing.assert_array_equal(before.trend[:kept], after.trend[:kept])
