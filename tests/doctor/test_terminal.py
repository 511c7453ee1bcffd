"""What is said of terminals, by the environments that they come with."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lossmon.doctor.answer import Answer
from lossmon.doctor.terminal import terminal


def answers(
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str],
    *,
    size: tuple[int, int] = (120, 40),
    is_terminal: bool = True,
) -> dict[str, Answer]:
    monkeypatch.setenv("COLUMNS", str(size[0]))
    monkeypatch.setenv("LINES", str(size[1]))
    return {a.about: a for a in terminal(environment, is_terminal=is_terminal)}


def test_a_modern_terminal_is_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_GB.UTF-8"}
    found = answers(monkeypatch, environment)
    assert {answer.level for answer in found.values()} == {"ok"}
    assert found["colours"].reads == "16 million, by COLORTERM"
    assert found["characters"].reads == "braille"


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_terminal_without_cursor_is_warned_of(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    assert answers(monkeypatch, {"TERM": term})["terminal"].level == "warning"


def test_a_pipe_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(monkeypatch, {"TERM": "dumb"}, is_terminal=False)
    assert found["terminal"].level == "ok"
    assert "size" not in found


def test_a_locale_without_braille_and_a_small_window_are_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = answers(monkeypatch, {"TERM": "xterm", "LC_ALL": "en_GB.ISO-8859-1"}, size=(70, 20))
    assert (found["characters"].level, found["size"].level) == ("warning", "warning")
    assert "LC_ALL=C.UTF-8" in found["characters"].fix


def test_what_the_user_has_chosen_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {"TERM": "xterm", "LOSSMON_CHARSET": "ascii", "NO_COLOR": "1"}
    found = answers(monkeypatch, chosen)
    assert found["characters"] == Answer("characters", "ok", "ascii, by LOSSMON_CHARSET")
    assert "NO_COLOR" in found["colours"].reads


def test_the_console_of_linux_has_neither_braille_nor_mouse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = answers(monkeypatch, {"TERM": "linux"})
    assert "ASCII" in found["characters"].reads
    assert "none" in found["mouse"].reads


@pytest.mark.parametrize(
    ("environment", "about", "level"),
    [
        ({"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen"}, "tmux", "warning"),
        ({"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"}, "tmux", "ok"),
        ({"STY": "1.pts", "TERM": "screen"}, "screen", "warning"),
        ({"STY": "1.pts", "TERM": "screen-256color"}, "screen", "ok"),
        ({"SSH_CONNECTION": "a 1 b 22", "TERM": "xterm"}, "ssh", "ok"),
    ],
)
def test_what_stands_between_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], about: str, level: str
) -> None:
    assert answers(monkeypatch, environment)[about].level == level
