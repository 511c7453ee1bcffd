"""A real process in a real pseudo-terminal: how it ends, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

LEFT, CURSOR = "\x1b[?1049l", "\x1b[?25h"
PATIENCE_S = 60.0
"""Far more than is needed, on a busy machine too."""


class Terminal:
    """A program and the terminal it runs in; both ends of it stay open here."""

    def __init__(self, words: Sequence[str], env: dict[str, str]) -> None:
        self._master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm-256color", **env},
        )
        self.sent = ""

    def wait_for(self, pattern: str) -> None:
        """Read until the pattern has come."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.sent):
            assert time.monotonic() < deadline, f"{pattern!r} never came: {self.sent[-2000:]!r}"
            self._read()

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read until the program has ended; return its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it never ended"
            self._read()
        while self._read():
            pass
        return self.process.returncode

    def is_restored(self) -> bool:
        """Whether the terminal is as it was before."""
        after_left = self.sent.rpartition(LEFT)
        return (
            termios.tcgetattr(self.slave) == self.before
            and bool(after_left[1])
            and CURSOR in after_left[2]
        )

    def said(self) -> str:
        """What stands on the terminal after the interface has gone."""
        rest = self.sent.rpartition(LEFT)[2]
        return re.sub(r"\x1b\[[0-9;?<>=]*[A-Za-z]", "", rest).replace("\r", "").strip()

    def close(self) -> None:
        """End what is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)
        os.close(self.slave)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 0.1)[0]:
            return False
        self.sent += os.read(self._master, 65536).decode("utf-8", "replace")
        return True


Start = Callable[..., Terminal]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a program in a terminal: `start("-m", "lossmon", "tui", folder)`."""
    terminals: list[Terminal] = []

    def start_(*words: str | Path, **env: str) -> Terminal:
        terminals.append(Terminal([str(word) for word in words], env))
        return terminals[-1]

    yield start_
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def folder(write_run: Callable[..., Path]) -> Path:
    """A folder with two runs."""
    write_run("a", [2.0 - number / 100 for number in range(100)])
    return write_run("b", [1.0] * 100)


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("\x03", 130)])
def test_leaving_restores_the_terminal(start: Start, folder: Path, key: str, code: int) -> None:
    terminal = start("-m", "lossmon", "tui", folder)
    terminal.wait_for("DIAGNOSIS")
    terminal.press(key)
    assert terminal.end() == code
    assert terminal.is_restored()
    assert terminal.said() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(start: Start, folder: Path, number: signal.Signals) -> None:
    terminal = start("-m", "lossmon", "tui", folder)
    terminal.wait_for("DIAGNOSIS")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert terminal.is_restored()
    assert "Traceback" not in terminal.sent


CRASHING = """
import sys
from lossmon.tui.screens.overview import OverviewScreen
def fail(self, by):
    raise ValueError("a fault of ours")
OverviewScreen.action_move = fail
from lossmon.cli import main
sys.exit(main(["tui", sys.argv[1]]))
"""


def test_a_crash_restores_the_terminal_and_says_one_line(start: Start, folder: Path) -> None:
    terminal = start("-c", CRASHING, folder)
    terminal.wait_for("DIAGNOSIS")
    terminal.press("j")
    assert terminal.end() == 1
    assert terminal.is_restored()
    assert "ValueError: a fault of ours" in terminal.said()
    assert "Traceback" not in terminal.sent


def test_a_terminal_that_goes_away_ends_the_program(start: Start, folder: Path) -> None:
    terminal = start("-m", "lossmon", "tui", folder)
    terminal.wait_for("DIAGNOSIS")
    for end in (terminal._master, terminal.slave):
        os.dup2(os.open(os.devnull, os.O_RDWR), end)  # closes the pseudo-terminal, keeps the number
    assert terminal.process.wait(PATIENCE_S) != 0


def test_a_run_appears_in_a_folder_that_was_not_there(
    start: Start, tmp_path: Path, write_run: Callable[..., Path]
) -> None:
    terminal = start("-m", "lossmon", "tui", tmp_path / "runs")
    terminal.wait_for("Waiting for a training")
    terminal.wait_for("lossmon run --logdir")
    write_run("later", [1.0, 0.5])
    terminal.wait_for("later")
    terminal.press("q")
    assert terminal.end() == 0


def test_a_path_alone_opens_the_interface(start: Start, folder: Path) -> None:
    terminal = start("-m", "lossmon", folder)
    terminal.wait_for("DIAGNOSIS")
    terminal.press("q")
    assert terminal.end() == 0


def test_a_dumb_terminal_gets_the_report_once(start: Start, folder: Path) -> None:
    terminal = start("-m", "lossmon", "tui", folder, TERM="dumb")
    assert terminal.end() == 0
    assert "a: " in terminal.sent
    assert "\x1b" not in terminal.sent


def test_without_a_terminal_the_report_is_printed_once(
    run_python: Callable[..., Any], folder: Path
) -> None:
    ended = run_python("-m", "lossmon", "tui", folder)
    assert ended.returncode == 0
    assert "a: " in ended.stdout
    assert "b: " in ended.stdout
    assert "\x1b" not in ended.stdout


def test_a_file_is_refused_in_one_line(run_python: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "events.out"
    path.write_text("")
    ended = run_python("-m", "lossmon", "tui", path)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "is a file" in ended.stderr


def test_no_module_of_the_interface_imports_torch(run_python: Callable[..., Any]) -> None:
    ended = run_python(
        "-c",
        "import importlib, pkgutil, sys, lossmon.tui\n"
        "for one in pkgutil.walk_packages(lossmon.tui.__path__, 'lossmon.tui.'):\n"
        "    importlib.import_module(one.name)\n"
        "assert 'lossmon.tui.polling' in sys.modules\n"
        "sys.exit(sum(name.partition('.')[0] == 'torch' for name in sys.modules))",
    )
    assert ended.returncode == 0, ended.stderr


def test_the_first_frame_needs_no_numpy(run_python: Callable[..., Any]) -> None:
    ended = run_python(
        "-c",
        "import sys, lossmon.tui.app\n"
        "sys.exit(any(name.partition('.')[0] in ('numpy', 'torch') for name in sys.modules))",
    )
    assert ended.returncode == 0, ended.stderr
