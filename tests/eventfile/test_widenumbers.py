from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.widenumbers import Kept
from lossmon.records import RunMeta, Table

WriteRun = Callable[..., RunMeta]


def parameters(path: Path, kept: Kept | None = None) -> Table:
    table = RunReader(path, "x", patience=0, kept=kept).poll().parameters
    assert table is not None
    return table


def column(table: Table, records: slice | list[int] = slice(None)) -> list[list[float]]:
    assert not isinstance(table.values, np.ndarray)
    rows = records if isinstance(records, slice) else np.array(records)
    return table.values.column(0, rows).tolist()


def test_any_records_are_read_in_the_order_asked_for(tmp_path: Path, write_run: WriteRun) -> None:
    write_run(tmp_path, range(100))
    table = parameters(tmp_path)
    assert column(table, [0, 1, 50, 99]) == [[n, n + 1] for n in (0, 1, 50, 99)]
    assert column(table) == [[n, n + 1] for n in range(100)]


def test_a_whole_column_is_read_once_and_then_continued(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path, range(50))
    kept = Kept()
    reader = RunReader(tmp_path, "x", patience=0, kept=kept)
    first = reader.poll().parameters
    assert first is not None
    assert len(column(first)) == 50
    for file in (tmp_path / "lossmon").glob("*.stats"):
        file.write_bytes(b"")
    assert len(column(first)) == 50


def test_a_file_that_is_gone_reads_as_not_measured(tmp_path: Path, write_run: WriteRun) -> None:
    write_run(tmp_path, range(10))
    table = parameters(tmp_path)
    for file in (tmp_path / "lossmon").glob("*.stats"):
        file.unlink()
    assert np.isnan(column(table)).all()


def test_a_file_that_was_away_for_a_moment_is_read_again(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path, range(3))
    table = parameters(tmp_path)
    (stats,) = (tmp_path / "lossmon").glob("*.stats")
    stats.rename(stats.with_suffix(".away"))
    assert np.isnan(column(table)).all()
    assert np.isnan(column(table, [2])).all()
    stats.with_suffix(".away").rename(stats)
    assert column(table) == [[0, 1], [1, 2], [2, 3]]
    assert column(table, [2]) == [[2, 3]]


def test_a_table_whose_file_was_emptied_is_gone(tmp_path: Path, write_run: WriteRun) -> None:
    write_run(tmp_path, range(3))
    reader = RunReader(tmp_path, "x", patience=0)
    assert reader.poll().parameters is not None
    for file in (tmp_path / "lossmon").glob("*.stats"):
        file.write_bytes(b"")
    assert reader.poll().parameters is None


def test_a_file_that_was_replaced_reads_as_not_measured(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path, range(10))
    table = parameters(tmp_path)
    for file in (tmp_path / "lossmon").glob("*.stats"):
        copy = file.with_suffix(".copy")
        copy.write_bytes(file.read_bytes())
        copy.rename(file)
    assert np.isnan(column(table)).all()


def test_a_file_that_was_written_anew_in_its_place_reads_as_not_measured(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path / "a", range(10))
    write_run(tmp_path / "b", range(100, 110), wall=5e8)
    table = parameters(tmp_path / "a")
    (old,), (new,) = ((tmp_path / run / "lossmon").glob("*.stats") for run in "ab")
    old.write_bytes(new.read_bytes())
    assert np.isnan(column(table)).all()


def test_records_of_several_starts_come_from_their_own_files(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path, range(10))
    write_run(tmp_path, range(5, 15), start_id="start-2", wall=2e9, offset=100.0, end="closed")
    assert [row[0] for row in column(parameters(tmp_path))] == [
        *range(5),
        *range(105, 115),
    ]


def test_what_was_kept_is_not_taken_for_a_table_with_other_rows(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path, range(10))
    reader = RunReader(tmp_path, "x", patience=0)
    before = reader.poll().parameters
    assert before is not None
    assert column(before, [3, 4]) == [[3, 4], [4, 5]]
    names = ("head.weight", "fc.bias", "fc.weight")
    write_run(tmp_path, range(10, 11), start_id="start-2", wall=2e9, names=names)
    for file in sorted((tmp_path / "lossmon").glob("*.stats"))[1:]:
        file.unlink()  # the new start has told its names, and sampled nothing yet
    after = reader.poll().parameters
    assert after is not None
    expected = [[np.nan, 4, 3], [np.nan, 5, 4]]
    np.testing.assert_array_equal(column(after, [3, 4]), expected)


def test_what_was_not_asked_for_the_longest_is_let_go() -> None:
    kept = Kept(room=100)
    for name in "abc":
        kept.put(name, np.zeros(10, np.float32))
    assert kept.get("a") is None
    assert kept.get("c") is not None
    kept.put("huge", np.zeros(1000, np.float32))
    assert kept.get("huge") is None


@pytest.mark.parametrize("gap", [2, 7, 40])
def test_records_far_apart_and_near_give_the_same(
    tmp_path: Path, write_run: WriteRun, gap: int
) -> None:
    write_run(tmp_path, range(100))
    wanted = list(range(0, 100, gap))
    assert column(parameters(tmp_path), wanted) == [[n, n + 1] for n in wanted]
