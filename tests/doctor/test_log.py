"""What is said of a log and of the folder that it lies in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossmon.doctor import log as logs
from lossmon.doctor.answer import Answer
from lossmon.doctor.log import NEWEST, log, place
from lossmon.errors import NoDataError
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta

START = 1_700_000_000.0
Write = Callable[..., Path]


def about(answers: object, name: str) -> list[Answer]:
    return [one for one in answers if one.about == name]  # type: ignore[attr-defined]


def test_a_run_that_is_written_to_is_live(write_run: Write) -> None:
    root = write_run("a", np.linspace(2, 1, 50), closed=False)
    (answer,) = about(log(root, START + 51), "a")
    assert (answer.level, answer.reads) == ("ok", "step 49, last written 2s ago, live: it grows")


def test_a_run_that_has_ended_well_is_finished(write_run: Write) -> None:
    (answer,) = about(log(write_run("a", [2.0, 1.0]), START + 1e6), "a")
    assert (answer.level, answer.reads.rpartition(", ")[2]) == ("ok", "finished")


def test_a_run_that_fell_silent_is_a_problem_and_one_late_by_two_heartbeats_a_warning(
    write_run: Write,
) -> None:
    root = write_run("a", np.linspace(2, 1, 50), closed=False)
    (answer,) = about(log(root, START + 3000), "a")
    assert (answer.level, "no heartbeat since" in answer.reads) == ("problem", True)
    (answer,) = about(log(root, START + 49 + 40), "a")
    assert (answer.level, "two heartbeats" in answer.reads) == ("warning", True)


def test_a_run_that_an_exception_ended_says_by_which(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "a", RunMeta(run_id="a", start_id="a-0"))
    writer.scalars(0, START, {"train/loss": 2.0})
    writer.mark(Mark(0, START + 1, "exception", {"error": "OutOfMemoryError: 2 GiB"}))
    writer.close()
    (answer,) = about(log(tmp_path, START + 2), "a")
    assert (answer.level, "ended by OutOfMemoryError" in answer.reads) == ("problem", True)


def test_gaps_are_warned_of(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "a", RunMeta(run_id="a", start_id="a-0", schema=99))
    for step in range(50):
        writer.scalars(step, START + step, {"val/accuracy": 0.5, "lossmon/dropped": 7.0})
    writer.close()
    (file,) = (tmp_path / "a/lossmon").glob("*.lossmon")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    reads = " ".join(one.reads for one in about(log(tmp_path, START + 51), "a"))
    for words in ("1 damaged record", "7 records dropped", "newer lossmon", "no loss is recorded"):
        assert words in reads


def test_of_many_runs_those_written_last_are_read(write_run: Write) -> None:
    for number in range(NEWEST + 2):
        root = write_run(f"run-{number}", [2.0, 1.0])
        for folder in (root / f"run-{number}", root / f"run-{number}/lossmon"):
            os.utime(folder, (START + number, START + number))
    first, *others = log(root, START)
    assert first.reads == f"{NEWEST + 2} runs; the {NEWEST} written last:"
    assert [one.about for one in others] == [f"run-{n}" for n in range(NEWEST + 1, 1, -1)]


def test_where_there_is_no_run_the_error_of_every_command_is_raised(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        list(log(tmp_path))


def test_a_folder_that_need_not_exist_yet_can_be_written_to_where_the_nearest_can(
    tmp_path: Path,
) -> None:
    (answer,) = about(place(tmp_path / "runs/a"), "writing")
    assert (answer.level, answer.reads) == ("ok", f"{tmp_path} can be written to")


def test_a_folder_without_permission_a_file_and_a_full_disk_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (answer,) = about(place(tmp_path / "file"), "writing")
    assert (answer.level, "is a file" in answer.reads) == ("problem", True)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may do anything
    monkeypatch.setattr(logs, "LITTLE_BYTES", 1e30)
    monkeypatch.setattr(logs, "is_on_network", lambda folder: True)
    found = {one.about: one.level for one in place(tmp_path)}
    assert found == {"writing": "warning", "disk": "warning", "mount": "ok"}
