from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis.sampling import (
    FEWEST_ROWS,
    MAX_ROWS,
    early_and_spread,
    in_blocks,
    most_rows,
    newest,
)


@pytest.mark.parametrize(("width", "most"), [(1, MAX_ROWS), (64, MAX_ROWS), (300, 64), (9999, 64)])
def test_wider_records_are_looked_at_less_often(width: int, most: int) -> None:
    assert most_rows(width) == most
    assert most >= FEWEST_ROWS


def test_rows_come_in_pairs_of_neighbours_with_both_ends() -> None:
    rows = newest(np.arange(10_000), 0, 64)
    assert len(rows) == 64
    assert (np.diff(rows)[::2] == 1).all()
    assert (rows[0], rows[-1]) == (0, 9_999)


def test_beginning_is_looked_at_whole_however_long_the_run() -> None:
    assert early_and_spread(100_000)[:30].tolist() == list(range(30))


@pytest.mark.parametrize("count", [0, 1, 33, 512, 1_500, 100_000])
def test_blocks_reach_from_end_to_end_and_repeat_nothing(count: int) -> None:
    rows = in_blocks(count)
    assert len(np.unique(rows)) == len(rows) <= max(count, 2_100)
    assert not count or (rows[0], rows[-1]) == (0, count - 1)


def test_what_is_measured_once_in_seventeen_records_is_met_in_every_block() -> None:
    rows = in_blocks(100_000)
    met = rows[rows % 17 == 0]
    assert np.diff(met).max() < 100_000 / 14


def test_window_with_few_records_borrows_as_many_older_ones_as_are_asked_for() -> None:
    steps = np.concatenate([np.arange(200), np.arange(256, 2_000, 256)])
    assert len(newest(steps, 1_500)) == 32
    assert len(newest(steps, 1_500, least=128)) == 128
    assert len(newest(steps[:50], 1_500, least=128)) == 50
