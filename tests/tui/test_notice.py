from __future__ import annotations

import re

import pytest

from lossmon.cli import notify
from lossmon.tui.notice import WAYS, alert, title

XTERM = {"TERM": "xterm-256color"}
HOSTILE = "a\x1b]0;owned\x07\x1b\\\x9c;b\n\u202e" + "x" * 5000


def test_each_way_is_what_its_terminals_know() -> None:
    assert alert(["bell"], "x", XTERM) == "\x07"
    assert alert(["osc9"], "x in y", XTERM) == "\x1b]9;lossmon: x in y\x07"
    assert alert(["osc777"], "x; y", XTERM) == "\x1b]777;notify;lossmon;x, y\x07"
    assert alert(["osc99"], "x", XTERM) == (
        "\x1b]99;i=lossmon:d=0;lossmon\x1b\\\x1b]99;i=lossmon:p=body;x\x1b\\"
    )
    assert title("x") == "\x1b]2;x\x1b\\"
    assert alert(["bell", "osc9"], "x", XTERM).startswith("\x07\x1b]9;")
    assert alert(["title"], "x", XTERM) == ""


@pytest.mark.parametrize(
    "env", [{"TERM": "screen", "TMUX": "/tmp/t,1,0"}, {"TERM": "tmux-256color"}]
)
def test_tmux_passes_a_notification_on(env: dict[str, str]) -> None:
    assert alert(["osc9"], "x", env) == "\x1bPtmux;\x1b\x1b]9;lossmon: x\x07\x1b\\"
    assert alert(["bell"], "x", env) == "\x07"


@pytest.mark.parametrize("way", [way for way in WAYS if way != "title"])
def test_hostile_text_is_inert_in_every_way(way: str) -> None:
    for env in (XTERM, {"TERM": "tmux"}):
        clean, hostile = (alert([way], text, env) for text in ("", HOSTILE))  # type: ignore[list-item]
        assert re.findall(r"[\x00-\x1f\x7f-\x9f]", hostile) == re.findall(
            r"[\x00-\x1f\x7f-\x9f]", clean
        )
        assert "\u202e" not in hostile
        assert len(hostile) < 400


def test_hostile_text_is_inert_in_a_title() -> None:
    assert re.findall(r"[\x00-\x1f\x7f-\x9f]", title(HOSTILE)) == ["\x1b", "\x1b"]


@pytest.mark.parametrize("env", [{}, {"TERM": "dumb"}, {"TERM": ""}])
def test_a_dumb_terminal_has_a_bell_alone(env: dict[str, str]) -> None:
    assert alert(["bell", "osc9", "osc777", "osc99"], "x", env) == "\x07"
    assert alert(["osc9"], "x", env) == ""


def test_the_command_line_offers_every_way() -> None:
    assert tuple(WAYS) == notify.WAYS
