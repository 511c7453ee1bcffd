"""Reading: growth in any slices, damage of any kind, resumed runs; one Run whatever the way."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lossmon.eventfile import tail
from lossmon.eventfile.encoding import ScalarEncoder, start_event, version_event
from lossmon.eventfile.framing import frame
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import ParameterInfo, Run, RunMeta, Series, Table

WriteRun = Callable[..., RunMeta]
FOREIGN = "events.out.tfevents.1.host"


def assert_same_series(one: Series, other: Series) -> None:
    assert one.tag == other.tag
    assert np.array_equal(one.steps, other.steps)
    assert np.array_equal(one.wall_times, other.wall_times)
    assert np.array_equal(one.values, other.values, equal_nan=True)


def assert_same_table(one: Table | None, other: Table | None) -> None:
    if one is None or other is None:
        assert one is other
        return
    assert one.signals == other.signals
    assert np.array_equal(one.steps, other.steps)
    assert np.array_equal(numbers(one), numbers(other), equal_nan=True)


def numbers(table: Table) -> NDArray[np.float32]:
    """Shape (records, rows, columns)."""
    assert not isinstance(table.values, np.ndarray)
    every = slice(0, len(table))
    columns = [table.values.column(i, every) for i in range(len(table.signals))]
    return np.stack(columns, axis=2)


def assert_same_run(one: Run, other: Run) -> None:
    assert one.series.keys() == other.series.keys()
    for tag in one.series:
        assert_same_series(one.series[tag], other.series[tag])
    assert_same_table(one.parameters, other.parameters)
    assert_same_table(one.totals, other.totals)
    assert (one.meta, one.marks, one.roles) == (other.meta, other.marks, other.roles)
    assert (one.damage, one.last_wall) == (other.damage, other.last_wall)


def whole(path: Path) -> Run:
    return RunReader(path, "x", patience=0).poll()


def settled(reader: RunReader) -> Run:
    for _ in range(4):
        run = reader.poll()
    return run


def records(count: int, tag: str = "loss", first: int = 0) -> list[bytes]:
    encode = ScalarEncoder()
    return [frame(encode(i, 1e9 + i, {tag: float(i)})) for i in range(first, first + count)]


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A file of 50 scalars that lossmon did not write."""
    (tmp_path / FOREIGN).write_bytes(frame(version_event(1e9, "other")) + b"".join(records(50)))
    return tmp_path


def test_a_run_comes_back_as_it_was_written(tmp_path: Path, write_run: WriteRun) -> None:
    meta = write_run(tmp_path, range(100))
    run = whole(tmp_path)
    assert run.meta == meta
    assert run.series["train/loss"].steps.tolist() == list(range(100))
    assert run.series["train/loss"].values.tolist() == list(range(100))
    assert run.parameters is not None
    assert run.parameters.signals == meta.parameter_signals
    assert (numbers(run.parameters)[:, 1, 0] == np.arange(100) + 1).all()
    assert run.totals is not None
    assert numbers(run.totals).shape == (100, 1, len(meta.run_signals))
    assert run.layers is None
    assert [mark.kind for mark in run.marks] == ["closed"]
    assert not run.damage


def test_nan_and_infinities_come_back(tmp_path: Path, meta: RunMeta) -> None:
    writer = RunWriter(tmp_path, meta)
    for step, value in enumerate((float("nan"), float("inf"), float("-inf"), 1.0)):
        writer.scalars(step, 1e9, {"train/loss": value})
    writer.close()
    found = whole(tmp_path).series["train/loss"].values
    assert np.array_equal(found, [np.nan, np.inf, -np.inf, 1.0], equal_nan=True)


def test_a_poll_without_news_gives_the_same_object(tmp_path: Path, write_run: WriteRun) -> None:
    write_run(tmp_path)
    reader = RunReader(tmp_path, "x")
    assert reader.poll() is reader.poll()


def grow(source: Path, target: Path, cuts: list[int]) -> Iterator[None]:
    """Copy the files of a run piece by piece; after each piece yield."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    for path in files:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes()
        borders = sorted({cut % (len(data) + 1) for cut in cuts} | {len(data)})
        for first, stop in zip([0, *borders], borders, strict=False):
            with copy.open("ab") as file:
                file.write(data[first:stop])
            yield


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 10**6), max_size=12))
def test_growth_in_any_slices_gives_the_run_of_one_read(
    tmp_path: Path, resumed: Path, cuts: list[int]
) -> None:
    target = tmp_path / "copy"
    shutil.rmtree(target, ignore_errors=True)
    reader = RunReader(target, "x")
    seen: list[tuple[Run, int]] = []
    for _ in grow(resumed, target, cuts):
        run = reader.poll()
        seen.append((run, sum(len(series) for series in run.series.values())))
    assert_same_run(settled(reader), whole(resumed))
    for run, count in seen:
        assert sum(len(series) for series in run.series.values()) == count


@pytest.fixture
def resumed(tmp_path: Path, write_run: WriteRun) -> Path:
    """A run of steps 0-59, resumed at 40 with one parameter more and another order."""
    path = tmp_path / "resumed"
    write_run(path, range(60), end="exception")
    names = ("fc.bias", "new", "fc.weight")
    write_run(path, range(40, 80), start_id="start-2", wall=2e9, offset=1000.0, names=names)
    return path


def test_a_run_read_in_many_parts_is_the_run_of_one_read(
    resumed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = whole(resumed)
    monkeypatch.setattr(tail, "CHUNK", 1000)
    reader, shares = RunReader(resumed, "x", patience=0), []
    while not shares or reader.is_cut_short:
        run = reader.poll(lambda: True)
        shares.append(reader.share_read)
    assert_same_run(run, expected)
    assert shares == sorted(shares)
    assert len(shares) > 5
    assert shares[-1] == 1


def test_of_a_resumed_run_the_newer_copy_of_a_step_counts(resumed: Path) -> None:
    series = whole(resumed).series["train/loss"]
    assert series.steps.tolist() == list(range(80))
    assert series.values.tolist() == [*range(40), *range(1040, 1080)]


def test_of_a_resumed_run_that_did_not_get_as_far_nothing_stale_is_left(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path, range(60))
    write_run(tmp_path, range(40, 45), start_id="start-2", wall=2e9)
    run = whole(tmp_path)
    assert run.series["train/loss"].steps.tolist() == list(range(45))
    assert run.parameters is not None
    assert run.parameters.steps.tolist() == list(range(45))


def test_of_a_resumed_run_rows_are_aligned_by_name(resumed: Path) -> None:
    run = whole(resumed)
    assert run.meta is not None
    assert run.parameters is not None
    names = [parameter.name for parameter in run.meta.parameters]
    assert names == ["fc.bias", "new", "fc.weight"]
    first, *_, last = numbers(run.parameters)[:, :, 0]
    assert np.array_equal(first, [1.0, np.nan, 0.0], equal_nan=True)
    assert np.array_equal(last, [1079.0, 1080.0, 1081.0])


def test_of_a_resumed_run_the_metadata_tells_where_it_began(resumed: Path) -> None:
    meta = whole(resumed).meta
    assert meta is not None
    assert (meta.start_id, meta.start_step, meta.start_wall) == ("start-2", 0, 1e9)


def test_changed_parameters_begin_a_new_file_and_one_table(tmp_path: Path, meta: RunMeta) -> None:
    writer = RunWriter(tmp_path, meta)
    columns, runs = len(meta.parameter_signals), len(meta.run_signals)
    none, totals = np.zeros((0, 0), np.float32), np.zeros((1, runs), np.float32)
    writer.wide(0, 1e9, np.full((2, columns), 1.0, np.float32), none, totals)
    wider = replace(meta, parameters=(*meta.parameters, ParameterInfo("late", (2,))))
    writer.new_meta(wider)
    writer.wide(1, 1e9 + 1, np.full((3, columns), 2.0, np.float32), none, totals)
    writer.close()
    assert len(list((tmp_path / "lossmon").glob("*.stats"))) == 2
    run = whole(tmp_path)
    assert run.meta == wider
    assert run.parameters is not None
    assert np.array_equal(
        numbers(run.parameters)[:, :, 0], [[1.0, 1.0, np.nan], [2.0, 2.0, 2.0]], equal_nan=True
    )


def test_where_the_wide_records_lost_their_metadata_the_scalar_file_names_the_rows(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path)
    (stats,) = (tmp_path / "lossmon").glob("*.stats")
    stats.write_bytes(stats.read_bytes().replace(b"fc.bias", b"fc.bios"))
    run = whole(tmp_path)
    assert run.damage.records == 1
    assert run.parameters is not None
    assert len(run.parameters) == 100


@pytest.mark.parametrize("cut", [1, 5, 11, 12, 20, 40])
def test_a_half_written_record_waits_for_its_rest(foreign: Path, cut: int) -> None:
    path = foreign / FOREIGN
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    reader = RunReader(foreign, "x")
    assert len(settled(reader).series["loss"]) == 49
    path.write_bytes(data)
    run = settled(reader)
    assert len(run.series["loss"]) == 50
    assert not run.damage


def test_a_record_with_a_wrong_checksum_is_passed_over_and_counted(foreign: Path) -> None:
    path = foreign / FOREIGN
    data = bytearray(path.read_bytes())
    size = len(records(1)[0])
    data[-10 * size - 5] ^= 1
    path.write_bytes(bytes(data))
    run = whole(foreign)
    assert len(run.series["loss"]) == 49
    assert (run.damage.records, run.damage.bytes) == (1, size)


def test_doubtful_bytes_get_two_more_polls(foreign: Path) -> None:
    path = foreign / FOREIGN
    data = path.read_bytes()
    size = len(records(1)[0])
    path.write_bytes(data[: -10 * size] + bytes(5 * size) + data[-5 * size :])
    reader = RunReader(foreign, "x")
    counts = [len(reader.poll().series["loss"]) for _ in range(3)]
    assert counts == [40, 40, 45]


def test_a_zero_page_that_fills_in_time_loses_nothing(foreign: Path) -> None:
    path = foreign / FOREIGN
    data = path.read_bytes()
    size = len(records(1)[0])
    path.write_bytes(data[: -10 * size] + bytes(10 * size))
    reader = RunReader(foreign, "x")
    reader.poll()
    path.write_bytes(data)
    run = settled(reader)
    assert len(run.series["loss"]) == 50
    assert not run.damage


def test_a_torn_record_that_was_appended_to_costs_one_record(foreign: Path) -> None:
    path = foreign / FOREIGN
    path.write_bytes(path.read_bytes()[:-7] + b"".join(records(20, first=50)))
    run = whole(foreign)
    assert run.series["loss"].steps.tolist() == [*range(49), *range(50, 70)]
    assert run.damage.records == 1


def test_a_file_that_was_replaced_is_read_anew(foreign: Path) -> None:
    reader = RunReader(foreign, "x")
    before = reader.poll()
    other = foreign / "other"
    other.write_bytes(b"".join(records(60, first=100)))
    other.replace(foreign / FOREIGN)
    assert reader.poll().series["loss"].steps.tolist() == list(range(100, 160))
    assert before.series["loss"].steps.tolist() == list(range(50)), "a Run never changes"


def test_a_file_that_shrank_is_read_anew(foreign: Path) -> None:
    reader = RunReader(foreign, "x")
    reader.poll()
    (foreign / FOREIGN).write_bytes(b"".join(records(5)))
    assert len(reader.poll().series["loss"]) == 5


def test_a_file_rewritten_in_place_is_read_anew(foreign: Path) -> None:
    reader = RunReader(foreign, "x")
    reader.poll()
    (foreign / FOREIGN).write_bytes(b"".join(records(80, tag="lass")))
    assert list(reader.poll().series) == ["lass"]


def test_a_deleted_file_stays_as_it_was_read(foreign: Path) -> None:
    reader = RunReader(foreign, "x")
    before = reader.poll()
    (foreign / FOREIGN).unlink()
    assert reader.poll() is before


@pytest.mark.parametrize("length", [2**63, 2**40, (64 << 20) + 1])
def test_a_hostile_length_is_not_obeyed(foreign: Path, length: int) -> None:
    head = frame(struct.pack("<Q", length))[12:]
    path = foreign / FOREIGN
    path.write_bytes(path.read_bytes() + head + b"".join(records(3, first=50)))
    assert len(whole(foreign).series["loss"]) == 53


def test_a_file_without_any_record_is_named(tmp_path: Path) -> None:
    (tmp_path / FOREIGN).write_bytes(b"this is no event file " * 50)
    damage = whole(tmp_path).damage
    assert damage.files == (f"{FOREIGN}: no event record in it",)
    assert damage.bytes == 1100


def test_a_pipe_under_the_name_of_an_event_file_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / FOREIGN)
    assert whole(tmp_path).damage.files == (f"{FOREIGN}: not a plain file",)


def test_a_start_in_the_same_file_cuts_off_what_stood_behind_it(tmp_path: Path) -> None:
    data = [*records(30), frame(start_event(20, 2e9)), *records(3, first=20)]
    (tmp_path / FOREIGN).write_bytes(b"".join(data))
    assert whole(tmp_path).series["loss"].steps.tolist() == list(range(23))


def test_two_foreign_writers_side_by_side_do_not_cut_each_other(tmp_path: Path) -> None:
    (tmp_path / FOREIGN).write_bytes(b"".join(records(50)))
    (tmp_path / f"{FOREIGN}.2").write_bytes(
        frame(start_event(0, 1e9 + 10)) + b"".join(records(9, tag="other", first=11))
    )
    series = whole(tmp_path).series
    assert (len(series["loss"]), len(series["other"])) == (50, 9)


def test_where_lossmon_wrote_a_tag_others_are_left_out_of_it(
    tmp_path: Path, write_run: WriteRun
) -> None:
    write_run(tmp_path, range(10))
    (tmp_path / FOREIGN).write_bytes(
        b"".join(records(50, tag="train/loss") + records(5, tag="mine"))
    )
    series = whole(tmp_path).series
    assert (len(series["train/loss"]), len(series["mine"])) == (10, 5)


@settings(max_examples=60)
@given(data=st.data())
def test_random_damage_never_raises_and_leaves_what_is_sound(
    tmp_path: Path, resumed: Path, data: st.DataObject
) -> None:
    target = tmp_path / "damaged"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(resumed, target)
    files = sorted(path for path in target.rglob("*") if path.is_file())
    flips = data.draw(st.integers(1, 5))
    changed = False
    for path in files:
        content = bytearray(path.read_bytes())
        for _ in range(flips):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] ^= 1 << data.draw(st.integers(0, 7))
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(content)))
            fill, size = data.draw(st.sampled_from([(0, 4096), (255, 33), (7, 1)]))
            content[at:at] = bytes([fill]) * size
        changed |= bytes(content) != path.read_bytes()
        path.write_bytes(bytes(content))
    run = whole(target)
    # Two flips of one bit leave no damage.
    assert bool(run.damage) is changed
    assert len(run.series["train/loss"]) >= 80 - 3 * flips - 5
    assert run.series["train/loss"].steps[-1] <= 80
    assert_same_run(settled(RunReader(target, "x")), run)
