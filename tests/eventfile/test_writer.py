"""Writing where the disk does not want to: every record that fits arrives, the rest is counted."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.eventfile import pump, sink
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, Run, RunMeta

NO_LAYERS = np.zeros((0, 0), np.float32)


def until(holds: Callable[[], bool], patience_s: float = 30) -> None:
    """Wait for the writer's thread; fails where `holds` does not come true."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def read(logdir: Path) -> Run:
    return RunReader(logdir, "x", patience=0).poll()


def steps_of(run: Run, tag: str = "train/loss") -> list[int]:
    series = run.series.get(tag)
    return [] if series is None else series.steps.tolist()


def losses(writer: RunWriter, steps: range) -> None:
    for step in steps:
        writer.scalars(step, 1e9 + step, {"train/loss": float(step)})


def wide(writer: RunWriter, meta: RunMeta, step: int) -> None:
    rows = np.full((len(meta.parameters), len(meta.parameter_signals)), step, np.float32)
    writer.wide(step, 1e9, rows, NO_LAYERS, np.zeros((1, len(meta.run_signals)), np.float32))


def forbid(folder: Path) -> Callable[[], None]:
    """Take away the permission to make files in `folder`; return what gives it back."""
    if os.geteuid():
        folder.chmod(0o555)
        return lambda: folder.chmod(0o755)
    # Root may write everywhere, but for what is immutable.
    if (
        not shutil.which("chattr")
        or subprocess.run(["chattr", "+i", folder], check=False).returncode
    ):
        pytest.skip("root, on a file system without immutable files")
    return lambda: subprocess.run(["chattr", "-i", folder], check=True) and None


@pytest.fixture
def writer(tmp_path: Path, meta: RunMeta) -> Iterator[RunWriter]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        writer = RunWriter(tmp_path, meta, flush_s=0.02)
        yield writer
        writer.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    if os.geteuid():
        pytest.skip("only root can mount a file system of 64 kB")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", place]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def grow(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=16m", place], check=True)


def test_after_a_full_disk_has_room_again_every_record_is_there(
    small_disk: Path, meta: RunMeta
) -> None:
    """Wide records too, which leave the last megabyte alone."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        writer = RunWriter(small_disk, meta, flush_s=0.02)
        for step in range(3000):
            losses(writer, range(step, step + 1))
            if step % 10 == 0:
                wide(writer, meta, step)
        until(lambda: bool(caught))
        losses(writer, range(3000, 3100))
        full = read(small_disk)
        assert not full.damage, "only whole records are on a full disk"
        assert steps_of(full) == list(range(len(steps_of(full))))
        grow(small_disk)
        writer.close()
    assert [str(one.message) for one in caught if "No space left" in str(one.message)]
    assert len(caught) == 1, "one warning for each kind of failure"
    run = read(small_disk)
    assert steps_of(run) == list(range(3100))
    assert run.parameters is not None
    assert len(run.parameters) == 300
    assert not run.damage
    assert writer.dropped == 0


def test_a_disk_that_stays_full_costs_records_and_they_are_counted(
    small_disk: Path, meta: RunMeta
) -> None:
    writer = RunWriter(small_disk, meta)
    losses(writer, range(3000))
    with pytest.warns(RuntimeWarning, match="No space left"):
        writer.close()
    run = read(small_disk)
    assert not run.damage
    assert len(steps_of(run)) + writer.dropped == 3000


def test_losses_go_on_where_there_is_no_room_left_for_wide_records(
    small_disk: Path, meta: RunMeta
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        writer = RunWriter(small_disk, meta, flush_s=0.02)
        wide(writer, meta, 0)
        until(lambda: bool(caught))
        losses(writer, range(4))
        until(lambda: len(steps_of(read(small_disk))) == 4)
        writer.close()
    assert "but for the losses" in str(caught[0].message)
    assert writer.dropped == 1


def test_what_was_dropped_is_noted_as_a_scalar_and_as_a_mark(
    small_disk: Path, meta: RunMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.eventfile.queue.MAX_POINTS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer = RunWriter(small_disk, meta, flush_s=0.02)
        step = 0
        while not writer.dropped:
            losses(writer, range(step, step + 10))
            step += 10
            time.sleep(0)
        grow(small_disk)
        until(lambda: bool(read(small_disk).marks))
        losses(writer, range(step, step + 1))
        writer.close()
    run = read(small_disk)
    dropped = run.scalar(signals.DROPPED)
    assert dropped is not None
    assert dropped.values[-1] == writer.dropped
    assert len(steps_of(run)) + writer.dropped == step + 1
    assert (run.marks[-1].kind, run.marks[-1].detail) == ("dropped", {"records": writer.dropped})


def test_a_deleted_folder_is_made_again_and_what_follows_can_be_read(
    writer: RunWriter, tmp_path: Path, meta: RunMeta
) -> None:
    losses(writer, range(10))
    wide(writer, meta, 3)
    until(lambda: len(steps_of(read(tmp_path))) == 10)
    shutil.rmtree(tmp_path / "lossmon")
    losses(writer, range(10, 20))
    wide(writer, meta, 13)
    writer.close()
    run = read(tmp_path)
    assert steps_of(run) == list(range(10, 20))
    assert run.meta == meta
    assert run.parameters is not None
    assert run.parameters.steps.tolist() == [13]
    assert run.marks[-1].detail == {"records": 11}, "what went away is noted"


def test_an_emptied_file_gets_its_header_again(
    writer: RunWriter, tmp_path: Path, meta: RunMeta
) -> None:
    losses(writer, range(10))
    until(lambda: len(steps_of(read(tmp_path))) == 10)
    (path,) = (tmp_path / "lossmon").glob("events*")
    os.truncate(path, 0)
    losses(writer, range(10, 20))
    writer.close()
    run = read(tmp_path)
    assert (steps_of(run), run.meta) == (list(range(10, 20)), meta)
    assert not run.damage


def test_a_folder_that_became_a_file_is_waited_for(writer: RunWriter, tmp_path: Path) -> None:
    losses(writer, range(5))
    until(lambda: len(steps_of(read(tmp_path))) == 5)
    folder = tmp_path / "lossmon"
    shutil.rmtree(folder)
    folder.write_text("in the way")
    losses(writer, range(5, 10))
    until(lambda: "disk" in writer._pump._warned)
    folder.unlink()
    writer.close()
    assert steps_of(read(tmp_path)) == list(range(5, 10))


def test_a_folder_without_permission_is_waited_for(writer: RunWriter, tmp_path: Path) -> None:
    allow = forbid(tmp_path / "lossmon")
    try:
        losses(writer, range(5))
        until(lambda: "disk" in writer._pump._warned)
    finally:
        allow()
    writer.close()
    assert steps_of(read(tmp_path)) == list(range(5))
    assert writer.dropped == 0


def test_a_descriptor_that_the_script_closed_and_was_given_is_left_alone(
    writer: RunWriter, tmp_path: Path
) -> None:
    losses(writer, range(5))
    files = writer._pump._files
    until(lambda: files._scalars._size > 0 and files._stats._size > 0)
    for number in (files._scalars._fd, files._stats._fd):
        mine = os.open(tmp_path / f"mine{number}", os.O_CREAT | os.O_WRONLY)
        os.dup2(mine, number)
    losses(writer, range(5, 10))
    writer.close()
    assert {path.read_bytes() for path in tmp_path.glob("mine*")} == {b""}
    os.fstat(number)
    assert steps_of(read(tmp_path)) == list(range(10))


def test_what_a_disk_took_by_half_and_could_not_be_cut_off_is_cut_off_later(
    writer: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_write, real_cut = os.write, os.ftruncate
    full = True

    def write(fd: int, data: Any) -> int:
        if not full:
            return real_write(fd, data)
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return real_write(fd, data[: len(data) // 2])

    def cut(fd: int, size: int) -> None:
        if full:
            raise OSError(5, "Input/output error")
        real_cut(fd, size)

    monkeypatch.setattr(sink.os, "write", write)
    monkeypatch.setattr(sink.os, "ftruncate", cut)
    losses(writer, range(5))
    until(lambda: "disk" in writer._pump._warned)
    full = False
    writer.close()
    run = read(tmp_path)
    assert steps_of(run) == list(range(5))
    assert not run.damage


def test_a_disk_that_hangs_holds_up_neither_the_caller_nor_the_close(
    tmp_path: Path, meta: RunMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, real_write = threading.Event(), os.write

    def write(fd: int, data: Any) -> int:
        answers.wait()
        return real_write(fd, data)

    monkeypatch.setattr(sink.os, "write", write)
    monkeypatch.setattr(pump, "_JOIN_S", 0.2)
    monkeypatch.setattr("lossmon.eventfile.queue.MAX_POINTS", 1000)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        writer = RunWriter(tmp_path, meta, flush_s=0.02)
        losses(writer, range(5000))
        for step in range(20):
            wide(writer, meta, step)
        assert len(writer._queue.points) <= 1000
        writer.mark(Mark(4999, 1e9, "closed"))
        writer.close()
    texts = [str(one.message) for one in caught]
    assert any("too slow" in text for text in texts)
    assert any("has not answered" in text for text in texts)
    answers.set()
    writer._pump._thread.join()
    run = read(tmp_path)
    assert len(steps_of(run)) + writer.dropped == 5000
    assert "closed" in {mark.kind for mark in run.marks}, "marks have room of their own"


def test_close_ends_the_thread_and_may_come_again_from_any_thread(
    tmp_path: Path, meta: RunMeta
) -> None:
    writer = RunWriter(tmp_path, meta)
    losses(writer, range(5))
    closing = threading.Thread(target=writer.close)
    closing.start()
    closing.join()
    assert not [t for t in threading.enumerate() if t.name == "lossmon-writer"]
    writer.close()
    losses(writer, range(5, 10))
    assert steps_of(read(tmp_path)) == list(range(5))


def test_a_writer_without_a_step_leaves_nothing_behind(tmp_path: Path, meta: RunMeta) -> None:
    RunWriter(tmp_path, meta).close()
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_writes_nothing_and_ends_nothing(writer: RunWriter, tmp_path: Path) -> None:
    losses(writer, range(5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 on: threads, and a fork
        child = os.fork()
    if not child:
        losses(writer, range(100, 200))
        writer.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    losses(writer, range(5, 10))
    writer.close()
    assert steps_of(read(tmp_path)) == list(range(10))
