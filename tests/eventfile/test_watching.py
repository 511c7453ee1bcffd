from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.eventfile import plainfile, tail
from lossmon.eventfile.encoding import ScalarEncoder
from lossmon.eventfile.framing import frame
from lossmon.eventfile.watching import LONGEST_REST_S, LogdirReader

FOREIGN = "events.out.tfevents.1.host.1.0"
NOW = 1_800_000_000.0


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs whose files are opened."""
    names: list[str] = []
    original = plainfile.open_plain

    def noting(path: Path) -> object:
        names.append(path.parent.name)
        return original(path)

    monkeypatch.setattr(tail, "open_plain", noting)
    return names


def watching(root: Path, clock: Clock) -> LogdirReader:
    """A reader for which looking for new runs takes no time: it does so at every poll."""
    return LogdirReader(root, clock=clock, timer=lambda: 0.0)


def append(folder: Path, *steps: int, wall: float = NOW) -> None:
    encode = ScalarEncoder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FOREIGN).open("ab") as file:
        for step in steps:
            file.write(frame(encode(step, wall, {"loss": 1.0})))


def lengths(reader: LogdirReader) -> dict[str, int]:
    return {run.name: len(run.series["loss"]) for run in reader.poll() if run.series}


def test_a_run_that_grows_is_read_at_every_poll(tmp_path: Path, clock: Clock) -> None:
    reader = watching(tmp_path, clock)
    for step in range(5):
        append(tmp_path / "a", step)
        assert lengths(reader) == {"a": step + 1}


def test_a_run_at_rest_is_left_alone_for_a_while(
    tmp_path: Path, clock: Clock, opened: list[str]
) -> None:
    append(tmp_path / "old", 0, wall=NOW - 1e6)
    append(tmp_path / "new", 0)
    reader = watching(tmp_path, clock)
    for _ in range(10):
        reader.poll()
    assert opened.count("old") == 1
    assert opened.count("new") == 10
    clock.now += LONGEST_REST_S
    reader.poll()
    assert opened.count("old") == 2


def test_a_run_that_goes_on_in_its_old_file_is_seen_after_its_rest(
    tmp_path: Path, clock: Clock
) -> None:
    append(tmp_path / "old", 0, wall=NOW - 1e6)
    reader = watching(tmp_path, clock)
    reader.poll()
    append(tmp_path / "old", 1)
    clock.now += LONGEST_REST_S
    assert lengths(reader) == {"old": 2}


def test_a_writer_whose_clock_is_wrong_is_followed_all_the_same(
    tmp_path: Path, clock: Clock
) -> None:
    append(tmp_path / "a", 0, wall=NOW - 3600)
    reader = watching(tmp_path, clock)
    reader.poll()
    clock.now += LONGEST_REST_S
    append(tmp_path / "a", 1, wall=NOW - 3570)
    assert lengths(reader) == {"a": 2}
    clock.now += 2
    append(tmp_path / "a", 2, wall=NOW - 3568)
    assert lengths(reader) == {"a": 3}


def test_a_file_that_is_still_empty_is_not_taken_for_an_old_one(
    tmp_path: Path, clock: Clock
) -> None:
    append(tmp_path / "a")
    reader = watching(tmp_path, clock)
    reader.poll()
    clock.now += 1
    append(tmp_path / "a", 0, wall=clock.now)
    assert lengths(reader) == {"a": 1}


def test_a_new_file_wakes_a_run_at_rest(tmp_path: Path, clock: Clock) -> None:
    append(tmp_path / "old", 0, wall=NOW - 1e6)
    reader = watching(tmp_path, clock)
    reader.poll()
    encode = ScalarEncoder()
    later = tmp_path / "old" / FOREIGN.replace("tfevents.1", "tfevents.2")
    later.write_bytes(frame(encode(1, NOW, {"loss": 1.0})))
    stamp = time.time_ns() + 10**9
    os.utime(tmp_path / "old", ns=(stamp, stamp))
    clock.now += 1.0
    assert lengths(reader) == {"old": 2}


def test_runs_at_rest_do_not_come_due_all_together(
    tmp_path: Path, clock: Clock, opened: list[str]
) -> None:
    for number in range(120):
        append(tmp_path / f"r{number}", 0, wall=NOW - 1e6)
    reader = watching(tmp_path, clock)
    reader.poll()
    opened.clear()
    clock.now += LONGEST_REST_S
    seen = []
    for _ in range(4):
        reader.poll()
        seen.append(len(opened))
    assert seen == [50, 100, 120, 120]


def test_a_clock_set_back_lets_nothing_rest_for_hours(
    tmp_path: Path, clock: Clock, opened: list[str]
) -> None:
    append(tmp_path / "old", 0, wall=NOW - 1e6)
    reader = watching(tmp_path, clock)
    reader.poll()
    clock.now -= 7200
    reader.poll()
    assert opened.count("old") == 2


def test_new_runs_are_found_and_deleted_ones_stay(
    tmp_path: Path, clock: Clock, write_run: Callable[..., object]
) -> None:
    append(tmp_path / "a", 0)
    reader = watching(tmp_path, clock)
    reader.poll()
    append(tmp_path / "b", 0)
    (tmp_path / "a" / FOREIGN).unlink()
    (tmp_path / "a").rmdir()
    clock.now += LONGEST_REST_S
    assert lengths(reader) == {"a": 1, "b": 1}


def test_many_new_runs_come_a_few_at_a_time_where_patience_ends(
    tmp_path: Path, clock: Clock
) -> None:
    for number in range(5):
        append(tmp_path / f"run{number}", 0)
    seconds = itertools.count()
    reader = LogdirReader(tmp_path, clock=clock, timer=lambda: float(next(seconds)))
    counts = [len(reader.poll(patience_s=0.5))]
    while reader.is_behind:
        append(tmp_path / "run0", len(counts))  # one that grows does not keep the rest waiting
        counts.append(len(reader.poll(patience_s=0.5)))
    assert counts == [1, 2, 3, 4, 5]
    assert lengths(reader)["run0"] == 5


def test_a_long_run_comes_a_part_at_a_time_where_patience_ends(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(tmp_path / "long", *range(200), wall=NOW - 3600)
    append(tmp_path / "short", 0, wall=NOW - 3600)
    monkeypatch.setattr(tail, "CHUNK", 2048)
    seconds = itertools.count()
    reader = LogdirReader(tmp_path, clock=clock, timer=lambda: float(next(seconds)))
    polls = [reader.poll(patience_s=0.5)]
    shares = [list(reader.half_read.values())]
    while reader.is_behind:
        polls.append(reader.poll(patience_s=0.5))
        shares.append(list(reader.half_read.values()))
    read = [len(runs[0].series["loss"]) for runs in polls]
    assert read == sorted(read)
    assert 0 < read[0] < read[1] < read[-1] == 200
    parts = [share for part in shares for share in part]
    assert parts == sorted(parts)
    assert 0 < parts[0] < parts[-1] < 1
    assert shares[-1] == []
    assert len(polls[-1]) == 2
    assert reader.poll() is polls[-1]


def test_a_folder_that_does_not_exist_yet_is_waited_for(tmp_path: Path, clock: Clock) -> None:
    reader = watching(tmp_path / "later", clock)
    assert reader.poll() == ()
    append(tmp_path / "later" / "a", 0)
    assert lengths(reader) == {"a": 1}


def test_zero_pages_are_waited_out_though_the_run_is_old(tmp_path: Path, clock: Clock) -> None:
    append(tmp_path / "old", 0, wall=NOW - 1e6)
    path = tmp_path / "old" / FOREIGN
    encode = ScalarEncoder()
    sound = frame(encode(1, NOW - 1e6, {"loss": 2.0}))
    whole = path.read_bytes() + sound
    path.write_bytes(path.read_bytes() + bytes(len(sound)))
    reader = watching(tmp_path, clock)
    assert lengths(reader) == {"old": 1}
    path.write_bytes(whole)
    assert lengths(reader) == {"old": 2}
