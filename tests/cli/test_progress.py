from __future__ import annotations

import io
import sys

import pytest

from lossmon.cli.progress import Progress

Patch = pytest.MonkeyPatch


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    patch: Patch, *times: float, shared: bool = False, stream: io.StringIO | None = None
) -> str:
    """What stderr got of a progress that began at 0 and was told something at each time."""
    stream = stream or Terminal()
    patch.setattr(sys, "stderr", stream)
    clock = [0.0]
    progress = Progress(shared=shared, clock=lambda: clock[0])
    for time in times:
        clock[0] = time
        progress.show(f"{time:.1f} done")
    progress.clear()
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: Patch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_a_short_command_shows_nothing(monkeypatch: Patch) -> None:
    assert shown(monkeypatch, 0.1, 0.5, 0.9) == ""


def test_a_long_command_rewrites_one_line_now_and_then_and_removes_it(monkeypatch: Patch) -> None:
    got = shown(monkeypatch, 0.9, 1.0, 1.1, 2.0)
    assert got == "\r1.0 done\r\r2.0 done\r\r        \r"


def test_nothing_is_shown_amid_the_data(monkeypatch: Patch) -> None:
    assert shown(monkeypatch, 1.0, 2.0, shared=True) == ""


def test_nothing_is_shown_where_stderr_is_no_terminal(monkeypatch: Patch) -> None:
    assert shown(monkeypatch, 1.0, 2.0, stream=io.StringIO()) == ""


def test_nothing_is_shown_on_a_dumb_terminal(monkeypatch: Patch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert shown(monkeypatch, 1.0, 2.0) == ""
