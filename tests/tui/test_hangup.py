"""A terminal that has gone ends the program, whatever it waits for."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading

import pytest

from lossmon.tui.hangup import ended_by_hangup

WAITS = """
import signal, threading
from lossmon.tui.hangup import ended_by_hangup
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with ended_by_hangup(0.1):
    print("begun", flush=True)
    {}
print("ended")
"""


def run(inside: str) -> tuple[int, str]:
    """Run a program in a terminal that goes away once it has begun; return how it ended."""
    master, slave = pty.openpty()
    words = [sys.executable, "-c", WAITS.format(inside)]
    with subprocess.Popen(words, stdin=slave, stdout=subprocess.PIPE, text=True) as process:
        os.close(slave)
        assert process.stdout is not None
        process.stdout.readline()
        os.close(master)
        return process.wait(60), process.stdout.read()


def test_a_program_that_waits_for_ever_is_ended() -> None:
    assert run("threading.Event().wait()") == (129, "")


def test_a_program_that_ends_by_itself_is_not() -> None:
    assert run("pass") == (0, "ended\n")


def test_without_a_terminal_no_thread_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda fd: False)
    before = set(threading.enumerate())
    with ended_by_hangup():
        assert set(threading.enumerate()) == before
