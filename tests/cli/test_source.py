"""Commands on a logdir that lies elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossmon.cli import main

Capture = pytest.CaptureFixture[str]
Until = Callable[[Callable[[], bool]], None]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, here and in other processes; empty at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.mark.parametrize("agent", ["python", "shell"])
@pytest.mark.parametrize(
    "words", [["check", "--json"], ["check"], ["ls", "--json"], ["show"], ["export"]]
)
def test_verdict_is_the_one_that_is_given_where_the_logs_lie(
    sshd: Any, broken: Path, capsys: Capture, temporary: Path, agent: str, words: list[str]
) -> None:
    sshd.use_python(agent == "python")
    address = sshd.address(broken)
    code = main([*words, str(broken)])
    expected = capsys.readouterr()
    assert main([*words, address]) == code
    there = capsys.readouterr()
    assert there.out.replace(address, str(broken)) == expected.out
    assert there.err == expected.err == ""
    assert list(temporary.iterdir()) == []


def test_url_of_fsspec_is_read(learning: Path, capsys: Capture, temporary: Path) -> None:
    pytest.importorskip("fsspec")
    assert main(["ls", learning.as_uri(), "--json"]) == 0
    assert [run["run"] for run in json.loads(capsys.readouterr().out)["runs"]] == ["steady"]
    assert list(temporary.iterdir()) == []


def test_first_word_that_is_an_address_opens_the_terminal_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from lossmon.cli import tui

    calls: list[Any] = []
    monkeypatch.setattr(tui, "run", lambda args: calls.append(args.logdir) or 0)
    assert main(["ssh://h/p"]) == 0
    assert calls == ["ssh://h/p"]


@pytest.mark.parametrize("command", ["check", "ls", "show", "export", "tui"])
@pytest.mark.parametrize(
    ("address", "code"), [("ssh://-oX/p", 2), ("ssh://h", 2), ("nothing-like-it://b/c", 4)]
)
def test_address_that_is_no_good_is_one_line(
    command: str, address: str, code: int, capsys: Capture
) -> None:
    assert main([command, address]) == code
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if "no terminal" not in line]
    assert (out, len(lines)) == ("", 1)


def test_no_run_is_written_elsewhere(tmp_path: Path, capsys: Capture) -> None:
    assert main(["run", "--logdir", "ssh://h/runs", str(tmp_path / "train.py")]) == 2
    assert "a run is written here" in capsys.readouterr().err


def test_folder_that_is_not_there_is_one_line_with_its_address(
    sshd: Any, tmp_path: Path, capsys: Capture, temporary: Path
) -> None:
    address = sshd.address(tmp_path / "nowhere")
    assert main(["check", address]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"lossmon: no such logdir: {address}; pass the folder given as logdir=\n"
    assert list(temporary.iterdir()) == []


def test_files_that_hold_no_records_are_told_by_the_address(
    sshd: Any, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "events.out.tfevents.1").touch()
    address = sshd.address(tmp_path / "runs")
    assert main(["check", address]) == 4
    assert f"the event files in {address} hold no records yet" in capsys.readouterr().err


def test_run_that_cannot_be_read_among_others_is_told_by_the_address(
    sshd: Any, learning: Path, capsys: Capture
) -> None:
    (learning / "void").mkdir()
    (learning / "void" / "events.out.tfevents.1").touch()
    address = sshd.address(learning)
    assert main(["check", address]) == 0
    assert f"the event files in {address}/void hold no records yet" in capsys.readouterr().err


def test_fsspec_that_is_not_installed_is_said(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert main(["check", "s3://bucket/runs"]) == 4
    assert "pip install 'lossmon[remote]'" in capsys.readouterr().err


def is_running(pid: int) -> bool:
    """Whether a process is there and not just waiting for its parent to take note of its end."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_is_left_after_a_signal(
    tmp_path: Path, temporary: Path, until: Until, number: signal.Signals
) -> None:
    """The `ssh` here never answers, so that the signal meets the copy under way."""
    program, pid_file = tmp_path / "bin" / "ssh", tmp_path / "pid"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho $$ > {pid_file}\nexec sleep 600\n")
    program.chmod(0o755)
    command = subprocess.Popen(
        [sys.executable, "-m", "lossmon", "check", "ssh://h/runs"],
        env={**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: pid_file.exists() and bool(pid_file.read_text()))
    assert [path.name.startswith("lossmon-") for path in temporary.iterdir()] == [True]
    command.send_signal(number)
    assert command.wait(30) == 128 + number
    assert "Traceback" not in (command.stderr.read() if command.stderr else "")
    assert list(temporary.iterdir()) == []
    until(lambda: not is_running(int(pid_file.read_text())))
