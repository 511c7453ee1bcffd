from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lossmon.eventfile.buckets import TAIL, Buckets
from lossmon.eventfile.merge import Merged
from lossmon.eventfile.part import Part
from lossmon.eventfile.points import Points
from lossmon.records import BucketRows, Floats, Series

HEAD = 64
SOME_BAD = pytest.mark.parametrize("bad", [(), (3, 70, 71, 72, 500, 4100, 5999)])


def losses(count: int, bad: tuple[int, ...] = ()) -> Floats:
    values = np.random.default_rng(0).normal(2.0, 1.0, count)
    values[list(bad)] = [np.nan, np.inf, -np.inf, np.nan, np.inf, np.nan, np.nan][: len(bad)]
    return values


def read(values: Floats, slices: list[int] | None = None, head: int = HEAD) -> Series:
    """The series of these losses, taken in by slices of the given lengths."""
    points, steps = Points(head=head), np.arange(len(values)) * 2
    borders = np.unique(np.clip(np.cumsum([0, *(slices or [])]), 0, len(values)))
    for first, stop in zip(borders, [*borders[1:], len(values)], strict=True):
        points.append(steps[first:stop], steps[first:stop] + 0.5, values[first:stop])
    merged = Merged()
    merged.update([Part(points)])
    assert merged.columns is not None
    return Series("train/loss", *merged.columns, merged.buckets, merged.tail)


def facts(series: Series) -> tuple[NDArray[np.float64], ...]:
    return (
        series.steps,
        series.wall_times,
        series.values,
        series.low,
        series.high,
        series.counts,
        series.first_steps,
    )


def assert_same(one: Series, other: Series) -> None:
    for mine, others in zip(facts(one), facts(other), strict=True):
        np.testing.assert_array_equal(mine, others)


def test_the_head_is_kept_point_by_point() -> None:
    values = losses(6000)
    np.testing.assert_array_equal(read(values).values[:HEAD], values[:HEAD])
    assert read(values[:HEAD]).buckets is None


def test_the_newest_points_are_kept_one_by_one() -> None:
    values = losses(20_000)
    series = read(values)
    np.testing.assert_array_equal(series.values[-TAIL:], values[-TAIL:])
    assert (series.counts[-TAIL:] == 1).all()


def test_no_point_is_lost_and_none_is_counted_twice() -> None:
    for count in (HEAD, HEAD + 1, HEAD + 8, 5000, 6001, 20_000):
        assert read(losses(count)).counts.sum() == count


def test_a_bucket_tells_mean_extremes_and_spread_of_its_points() -> None:
    values = losses(20_000)
    series = read(values)
    assert series.buckets is not None
    row, table = int(series.buckets.rows[0]), series.buckets.table[0]
    own = values[HEAD : HEAD + 8]
    assert row == HEAD
    assert table[BucketRows.MEAN] == pytest.approx(own.mean())
    assert (table[BucketRows.LOW], table[BucketRows.HIGH]) == (own.min(), own.max())
    assert table[BucketRows.M2] == pytest.approx(own.var() * 8)
    assert table[BucketRows.LAST] == own[-1]
    assert (series.first_steps[row], series.steps[row]) == (2 * HEAD, 2 * (HEAD + 7))


def test_buckets_widen_with_each_doubling() -> None:
    series = read(losses(HEAD * 8 + TAIL))
    widths = {
        int(start): int(n) for start, n in zip(series.first_steps, series.counts, strict=True)
    }
    assert [widths[2 * HEAD * factor] for factor in (1, 2, 4)] == [8, 16, 32]


@SOME_BAD
def test_extremes_and_what_is_not_finite_survive(bad: tuple[int, ...]) -> None:
    values = losses(30_000, bad)
    series, finite = read(values), np.isfinite(values)
    assert np.nanmin(series.low[np.isfinite(series.low)]) == values[finite].min()
    assert np.nanmax(series.high[np.isfinite(series.high)]) == values[finite].max()
    assert int(series.counts[~np.isfinite(series.values)].sum()) == len(bad)
    if bad:
        assert int(series.steps[~np.isfinite(series.values)][0]) == 2 * bad[0]


@given(slices=st.lists(st.integers(1, 5000), max_size=12))
def test_rows_are_the_same_however_the_points_came(slices: list[int]) -> None:
    values = losses(20_000, (3, 70, 71, 72, 500, 4100, 5999))
    assert_same(read(values, slices), read(values))


@pytest.mark.parametrize("step", [100, 150, 9000, 20_000, 38_000])
def test_a_run_until_a_step_is_the_same_while_it_grows_and_after(step: int) -> None:
    values = losses(20_000, (3, 70, 71, 72, 500, 4100, 5999))
    live = read(values[: step // 2 + 40])
    assert_same(live.until(step), read(values).until(step))


def test_memory_grows_with_the_logarithm_of_the_length() -> None:
    tails = [read(losses(count)).tail for count in (1 << 16, 1 << 18, 1 << 20)]
    before = [tail.row for tail in tails if tail is not None]
    assert np.diff(before).tolist() == [16, 16]


def test_a_later_start_cuts_a_long_series() -> None:
    first, second = Points(head=HEAD), Points(head=HEAD)
    steps = np.arange(1000)
    first.append(steps, steps * 1.0, np.ones(1000))
    second.append(steps[:50] + 800, steps[:50] * 1.0, np.zeros(50))
    merged = Merged()
    merged.update([Part(first, limit=800), Part(second)])
    assert merged.columns is not None
    series = Series("train/loss", *merged.columns, merged.buckets, merged.tail)
    assert series.counts.sum() == 850
    assert series.steps[-1] == 849
    assert (np.diff(series.steps) > 0).all()
    assert series.values[series.steps < 800].min() == 1.0


def resumed(count: int) -> Series:
    """The series of a run that went on at step 6,000 in a second file, after so many points."""
    values = losses(20_000)
    first, second = Points(head=HEAD), Points(head=HEAD)
    first.append(np.arange(6500), np.arange(6500.0), values[:6500])
    steps = np.arange(6000, 6000 + count)
    second.append(steps, steps * 1.0, values[6000 : 6000 + count])
    merged = Merged()
    merged.update([Part(first, limit=6000), Part(second)])
    assert merged.columns is not None
    return Series("train/loss", *merged.columns, merged.buckets, merged.tail)


@pytest.mark.parametrize("step", [3000, 6500, 10_000, 11_999])
def test_a_resumed_run_until_a_step_is_the_same_while_it_grows_and_after(step: int) -> None:
    assert_same(resumed(step - 6000 + 40).until(step), resumed(14_000).until(step))


@given(slices=st.lists(st.integers(1, 4000), max_size=6))
def test_a_resumed_run_is_the_same_however_its_points_came(slices: list[int]) -> None:
    values, merged = losses(20_000), Merged()
    first, second = Points(head=HEAD), Points(head=HEAD)
    first.append(np.arange(6500), np.arange(6500.0), values[:6500])
    done = 0
    for count in [*slices, 14_000]:
        steps = np.arange(6000 + done, 6000 + min(14_000, done + count))
        second.append(steps, steps * 1.0, values[steps])
        merged.update([Part(first, limit=6000), Part(second)])
        done = min(14_000, done + count)
    assert merged.columns is not None
    assert_same(Series("x", *merged.columns, merged.buckets, merged.tail), resumed(14_000))


def test_extreme_values_overflow_into_infinity_and_warn_nobody() -> None:
    buckets = Buckets(HEAD)
    steps = np.arange(HEAD, HEAD + 8 + TAIL)
    buckets.append(steps, steps * 1.0, np.full(8 + TAIL, 1.7e308))
    assert np.isinf(buckets.rows().values[0, BucketRows.MEAN])
    assert buckets.rows().values[0, BucketRows.HIGH] == 1.7e308
