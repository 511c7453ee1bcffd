"""Runs that cannot be read, beside runs that can."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lossmon.cli import main

Capture = pytest.CaptureFixture[str]
NOBODY = 65534
EVENTS = "events.out.tfevents.1700000000.host.1.0"
COMMANDS = ("check", "ls", "show", "export", "tui")


@contextmanager
def as_somebody() -> Iterator[None]:
    """Give up root's right to read everything."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(own)


@pytest.fixture
def mixed(
    learning: Path, write_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> Iterator[Path]:
    """A folder with a good run, one in files of another user, one that is empty, one of garbage."""
    write_run("secret", [1.0] * 30)
    for name, content in (("empty", b""), ("garbage", b"no event " * 100)):
        (learning / name).mkdir()
        (learning / name / EVENTS).write_bytes(content)
    closed = [path for path in (learning / "secret").rglob("*") if path.is_file()]
    for path in closed:
        path.chmod(0)
    # Relative: the folders above may be another user's. Loaded before: so may the code.
    monkeypatch.chdir(learning)
    for command in COMMANDS:
        main([command, "steady"])
    capsys.readouterr()
    yield learning
    for path in closed:
        path.chmod(0o600)


@pytest.mark.parametrize("command", COMMANDS)
def test_runs_that_cannot_be_read_are_named_and_change_no_exit_code(
    command: str, mixed: Path, capsys: Capture
) -> None:
    with as_somebody():
        assert main([command, "."]) == 0
    out, err = capsys.readouterr()
    assert "steady" in out
    notes = [line for line in err.splitlines() if "no terminal" not in line]
    empty, garbage, secret = notes
    assert empty.startswith("lossmon: the event files in empty hold no records yet")
    assert garbage == f"lossmon: nothing in garbage can be read ({EVENTS}: no event record in it)"
    assert secret.startswith("lossmon: nothing in secret can be read (")
    assert "Permission denied" in secret


@pytest.mark.parametrize("command", COMMANDS)
def test_folders_that_cannot_be_opened_are_named(
    command: str, mixed: Path, capsys: Capture
) -> None:
    (mixed / "secret").chmod(0)
    try:
        with as_somebody():
            assert main([command, "."]) == 0
    finally:
        (mixed / "secret").chmod(0o700)
    assert "lossmon: cannot open secret: Permission denied\n" in capsys.readouterr().err


def test_where_no_folder_can_be_opened_the_error_says_so(mixed: Path, capsys: Capture) -> None:
    (mixed / "alone" / "run").mkdir(parents=True)
    (mixed / "alone" / "run").chmod(0)
    with as_somebody():
        assert main(["check", "alone"]) == 4
    expected = "lossmon: no event files in alone; cannot open alone/run: Permission denied\n"
    assert capsys.readouterr().err == expected
