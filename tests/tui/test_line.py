"""A real process behind a line that is slow, or that says nothing for a while."""

from __future__ import annotations

import re
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta

SLOW = 16_000
"""Bytes a second."""
PATIENCE_S = 60.0
Open = Callable[..., Terminal]


@pytest.fixture
def open_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open the interface in a terminal: `open_("tui", folder)`."""
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    opened: list[Terminal] = []

    def start(*words: str | Path, output: Path | None = None) -> Terminal:
        command = [sys.executable, "-m", "lossmon", *map(str, words)]
        if output is not None:
            command = ["/bin/sh", "-c", f"exec {shlex.join(command)} >{shlex.quote(str(output))}"]
        opened.append(Terminal(command, columns=80, rows=24))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def shown(terminal: Terminal, pattern: str) -> None:
    """Wait until something has been sent, now or before."""
    deadline = time.monotonic() + PATIENCE_S
    while not re.search(pattern.encode(), terminal.sent):
        assert time.monotonic() < deadline, f"{pattern!r} never came: {bytes(terminal.sent)!r}"
        terminal.read(0.05)


def test_a_run_that_rests_sends_no_byte(open_: Open, write_run: Callable[..., Path]) -> None:
    terminal = open_("tui", write_run("a", [1.0] * 200))
    shown(terminal, "finished|learning|stuck|converged")
    terminal.read(1)
    before = len(terminal.sent)
    terminal.read(1.5)
    assert terminal.sent[before:] == b""


def test_a_key_is_answered_at_once_on_a_slow_line_while_it_trains(
    open_: Open, tmp_path: Path
) -> None:
    writer = RunWriter(tmp_path / "net", RunMeta("r", "r-0", start_wall=time.time()), flush_s=0.05)
    terminal = open_("tui", tmp_path)
    for step in range(2000):
        writer.scalars(step, time.time(), {"train/loss": 2.0 + step % 7 / 50 - step / 2000})
    shown(terminal, "live")
    waits = []
    for round_ in range(5):
        for step in range(40):
            writer.scalars(2000 + 40 * round_ + step, time.time(), {"train/loss": 1.0})
        terminal.read(0.3, bytes_per_s=SLOW)
        terminal.press("f")
        waits.append(terminal.read(PATIENCE_S, until="frozen", bytes_per_s=SLOW))
        terminal.press("f")
        terminal.read(0.3, bytes_per_s=SLOW)
    writer.close()
    assert (
        min(waits) < 1.0
    )  # 6 s and more where whole frames are sent; a busy machine takes its time


def test_a_name_from_a_log_does_not_command_a_real_terminal(
    open_: Open, write_run: Callable[..., Path]
) -> None:
    root = write_run("a\x1b]0;owned\x07\x1b[2J", [1.0] * 50)
    terminal = open_("tui", root)
    shown(terminal, r"a\\x1b\]0;")
    terminal.press("\r")
    shown(terminal, "2.?Run")
    assert b"\x1b]0;" not in terminal.sent


def test_a_new_error_rings_once_while_lines_go_elsewhere(open_: Open, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    words = ("tail", tmp_path / "runs", "--until-end", "--notify", "bell", "--notify", "osc9")
    terminal = open_(*words, output=lines)
    shown(terminal, "does not exist yet")
    writer = RunWriter(tmp_path / "runs" / "net", RunMeta("r", "r-0", start_wall=time.time()))
    for step in range(300):
        writer.scalars(step, time.time(), {"train/loss": 2.0 if step < 150 else float("nan")})
    shown(terminal, r"\]9;lossmon: error nan-in-loss in net since step 150\x07")
    writer.mark(Mark(299, time.time(), "closed"))
    writer.close()
    assert terminal.wait(PATIENCE_S) == 0
    assert terminal.sent.count(b"\x1b]9;") == 1
    assert terminal.sent.count(b"\x07") == 2
    text = lines.read_text(encoding="utf-8")
    assert "✗ error  nan-in-loss  since step 150" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_the_title_is_put_back_by_a_signal_too(open_: Open, write_run: Callable[..., Path]) -> None:
    terminal = open_("tui", write_run("a", [1.0] * 50), "--notify", "title")
    shown(terminal, re.escape("\x1b]2;lossmon"))
    terminal.send_signal(signal.SIGTERM)
    assert terminal.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert terminal.sent.count(b"\x1b[22;2t") == terminal.sent.count(b"\x1b[23;2t") == 1


def test_after_a_suspension_the_whole_screen_is_sent_again(
    open_: Open, write_run: Callable[..., Path]
) -> None:
    terminal = open_("tui", write_run("a", [1.0] * 50))
    shown(terminal, "DIAGNOSIS")
    shown(terminal, "finished|learning|stuck|converged")
    terminal.press("\x1a")
    shown(terminal, r"\x1b\[\?1049l")
    before = len(terminal.sent)
    while Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(") ")[2][0] != "T":
        terminal.read(0.02)
    terminal.send_signal(signal.SIGCONT)
    shown(terminal, r"(?s)\x1b\[\?1049l.*\x1b\[\?1049h.*DIAGNOSIS")
    assert len(terminal.sent) - before > 2000
