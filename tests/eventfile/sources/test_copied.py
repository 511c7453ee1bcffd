"""A real sshd with either agent, and fsspec: the copy is what a local reader would see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon.errors import RemoteError
from lossmon.eventfile.logdir import read_runs
from lossmon.eventfile.sources import opened
from lossmon.eventfile.watching import LogdirReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta
from lossmon.signals import LOSS

Address = Callable[[Path], str]
Files = Callable[[Path], dict[str, bytes]]
Until = Callable[[Callable[[], bool]], None]
Runs = Callable[..., Path]

NAME = "events.out.tfevents.1700000000.host.1.0"


def same(one: Any, two: Any) -> bool:
    return (
        one.name == two.name
        and one.marks == two.marks
        and one.series.keys() == two.series.keys()
        and all(
            np.array_equal(one.series[tag].values, two.series[tag].values, equal_nan=True)
            for tag in one.series
        )
    )


def test_whole_logdir_reads_as_it_does_where_it_lies(
    address: Address, runs: Runs, files: Files
) -> None:
    root = runs("a b/it's; $(odd) \\ ü", "deep/er/one")
    (root / "a b" / "notes.txt").write_text("no event file")
    (root / ".hidden").mkdir()
    (root / ".hidden" / NAME).write_bytes(b"not looked into")
    (root / "deep" / NAME).write_bytes(b"")
    with opened(address(root)) as source:
        source.fetch()
        expected = files(root)
        del expected["a b/notes.txt"], expected[f".hidden/{NAME}"]
        assert files(source.root) == expected
        assert source.received_bytes == sum(map(len, expected.values()))
        copied, local = read_runs(source.root), read_runs(root)
        assert len(copied) == len(local)
        assert all(map(same, copied, local))


def test_a_folder_that_is_itself_a_run_keeps_its_name(address: Address, runs: Runs) -> None:
    root = runs("only")
    for folder in (root / "only", root / "only" / "lossmon"):
        with opened(address(folder)) as source:
            source.fetch()
            assert [run.name for run in read_runs(source.root)] == ["only"]


def test_a_growing_run_is_followed(address: Address, tmp_path: Path, until: Until) -> None:
    writer = RunWriter(tmp_path / "runs" / "net", RunMeta("r", "r-0", model="Net"), flush_s=0.01)
    writer.scalars(0, 1.0, {LOSS.tag: 2.0})
    with opened(address(tmp_path / "runs")) as source:
        source.follow()
        reader = LogdirReader(source.root)

        def last_step() -> int:
            return max((run.last_step for run in reader.poll()), default=-1)

        for step in range(1, 4):
            until(lambda step=step: last_step() == step - 1)
            writer.scalars(step, 1.0 + step, {LOSS.tag: 2.0 - step / 10})
        until(lambda: last_step() == 3)
        until(lambda: source.problem == "")
    writer.close()


def test_a_folder_that_comes_later_is_waited_for(
    address: Address, tmp_path: Path, runs: Runs, until: Until
) -> None:
    with opened(address(tmp_path / "runs")) as source:
        source.follow()
        until(lambda: "no such logdir" in source.problem)
        runs("later")
        until(lambda: any(source.root.rglob("*tfevents*")))
        until(lambda: source.problem == "")


@pytest.fixture
def followed(address: Address, tmp_path: Path, files: Files, until: Until) -> Any:
    """A followed file with 1000 bytes: `path, copied()` of it."""
    path = tmp_path / "runs" / "a" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(range(250)) * 4)
    with opened(address(tmp_path / "runs")) as source:
        source.follow()
        until(lambda: files(source.root).get(f"a/{NAME}") == path.read_bytes())
        yield path, lambda: files(source.root)[f"a/{NAME}"], source


def test_replaced_file_is_copied_anew_as_another_file(
    followed: Any, tmp_path: Path, until: Until
) -> None:
    path, copied, source = followed
    before = (source.root / "a" / NAME).stat().st_ino
    (tmp_path / "new").write_bytes(b"n" * 1500)
    (tmp_path / "new").replace(path)
    until(lambda: copied() == b"n" * 1500)
    assert (source.root / "a" / NAME).stat().st_ino != before
    with path.open("ab") as file:
        file.write(b"more")
    until(lambda: copied() == b"n" * 1500 + b"more")


@pytest.mark.parametrize("left", [0, 10])
def test_shrunk_file_is_copied_anew(followed: Any, until: Until, left: int) -> None:
    path, copied, source = followed
    before = (source.root / "a" / NAME).stat().st_ino
    with path.open("r+b") as file:
        file.truncate(left)
    until(lambda: copied() == path.read_bytes())
    assert len(copied()) == left
    assert (source.root / "a" / NAME).stat().st_ino != before


def test_file_rewritten_in_place_is_told_by_what_stands_before_its_end(
    followed: Any, until: Until
) -> None:
    path, copied, _ = followed
    with path.open("r+b") as file:
        file.write(b"other" * 400)
    until(lambda: copied() == b"other" * 400)


def test_deleted_file_stays_as_it_was_read(
    followed: Any, tmp_path: Path, files: Files, until: Until
) -> None:
    path, copied, source = followed
    last, other = copied(), tmp_path / "runs" / "b" / NAME
    path.unlink()
    other.parent.mkdir()
    other.write_bytes(b"a later look has been taken")
    until(lambda: files(source.root).get(f"b/{NAME}") == other.read_bytes())
    assert copied() == last


@pytest.mark.parametrize("agent", ["python", "shell"])
def test_each_byte_comes_once_though_the_line_is_cut_twice(
    sshd: Any, agent: str, tmp_path: Path, files: Files, until: Until
) -> None:
    sshd.use_python(agent == "python")
    root = tmp_path / "runs"
    wide = root / "old" / "lossmon.1600000000.h.1.ab.r0.stats"
    wide.parent.mkdir(parents=True)
    wide.write_bytes(np.random.default_rng(0).bytes(30_000_000))
    writer = RunWriter(root / "net", RunMeta("r", "r-0", model="Net"), flush_s=0.01)
    ended = threading.Event()

    def train() -> None:
        step = 0
        while not ended.wait(0.002):
            writer.scalars(step, 1.0 + step, {LOSS.tag: 1.0})
            step += 1

    thread = threading.Thread(target=train)
    thread.start()
    try:
        with opened(sshd.address(root)) as source:
            source.follow()
            until(lambda: source.received_bytes > 0)
            for _ in range(2):
                assert sshd.cut() > 0
                until(lambda: "connection lost" in source.problem)
                until(lambda: "lost" not in source.problem)
            ended.set()
            thread.join()
            writer.close()
            until(lambda: files(source.root) == files(root))
            assert source.received_bytes == sum(map(len, files(root).values()))
    finally:
        ended.set()
        thread.join()


def test_a_fetch_survives_a_line_that_is_cut(
    ssh_address: Address, sshd: Any, tmp_path: Path, files: Files
) -> None:
    for number in range(3):
        path = tmp_path / "runs" / f"a{number}" / NAME
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(2_000_000))
    cuts = iter([True])

    def progress(received: int, expected: int) -> None:
        if next(cuts, False):
            sshd.cut()

    with opened(ssh_address(tmp_path / "runs")) as source:
        source.fetch(progress)
        assert files(source.root) == files(tmp_path / "runs")
        assert source.received_bytes == 6_000_000


def test_nothing_is_left_behind(ssh_address: Address, sshd: Any, runs: Runs, until: Until) -> None:
    root = runs("a")
    with opened(ssh_address(root)) as source:
        source.follow()
        until(lambda: any(source.root.rglob("*tfevents*")))
        home = source.root.parent.parent
    assert not home.exists()
    assert "lossmon-copy" not in [thread.name for thread in threading.enumerate()]
    until(lambda: sshd.sessions() == 0)


def test_a_path_is_read_where_it_is(runs: Runs) -> None:
    root = runs("a")
    with opened(str(root)) as source:
        source.fetch()
        source.follow()
        assert (source.root, source.shown, source.problem) == (root, str(root), "")
    assert root.exists()


def test_no_event_files_is_said_of_the_address(address: Address, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    where = address(tmp_path / "runs")
    with opened(where) as source, pytest.raises(RemoteError) as caught:
        source.fetch()
    assert str(caught.value).startswith(f"no event files in {where}; ")


@pytest.mark.parametrize(
    ("make", "says"), [(lambda path: None, "no such logdir"), (Path.touch, "is a file")]
)
def test_a_folder_that_is_none_is_said(
    address: Address, tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    make(tmp_path / "runs")
    with opened(address(tmp_path / "runs")) as source, pytest.raises(RemoteError, match=says):
        source.fetch()


def test_memory_of_fsspec_is_read_too(runs: Runs, files: Files) -> None:
    fsspec = pytest.importorskip("fsspec")
    root = runs("a")
    fsspec.filesystem("memory").put(str(root), "/remote", recursive=True)
    with opened("memory://remote") as source:
        source.fetch()
        assert list(files(source.root).values()) == list(files(root).values())
