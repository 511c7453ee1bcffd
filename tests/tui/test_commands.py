"""The help, the list of commands, and the mouse: every way to a command does the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from lossmon.tui.app import LossmonApp
from lossmon.tui.keymap import COMMANDS, commands_of
from lossmon.tui.screens.events import EventsScreen
from lossmon.tui.screens.help import help_lines
from lossmon.tui.screens.layers import LayersScreen
from lossmon.tui.screens.live import LiveScreen
from lossmon.tui.screens.ofrun import RunScreens
from lossmon.tui.screens.overview import OverviewScreen
from lossmon.tui.screens.run import RunScreen
from lossmon.tui.thrifty import ThriftyApp

ROOT = Path(__file__).resolve().parents[2]

Opened = Callable[..., AbstractAsyncContextManager[Any]]

SCREENS = {"overview": OverviewScreen, "run": RunScreen, "layers": LayersScreen}
SCREENS |= {"events": EventsScreen}

pytestmark = pytest.mark.usefixtures("not_reading")


SIGNS = {"↓": "down", "↑": "up", "←": "left", "→": "right", "↵": "enter", "esc": "escape"}
SIGNS |= {"spc": "space", "/": "slash", ":": "colon", "?": "question_mark", "F1": "f1"}
SIGNS |= {"+": "plus", "-": "minus", "[": "left_square_bracket", "]": "right_square_bracket"}
SIGNS |= {"pgdn": "pagedown", "pgup": "pageup"}
"""How the help writes a key that has another name."""
SPOKEN = {"home", "end", "H", "L", "shift+left", "shift+right", "shift+tab", "equals_sign"}
"""Keys that the words of another say too, or that are another without its shift."""

OF_CHARTS = {"y", "x", "s", "S", "h", "l", "left", "right", "plus", "minus", "0"}
OF_CHARTS |= {"left_square_bracket", "right_square_bracket"}
"""Keys that do something to a chart; a screen without one says nothing of them."""


def keys_bound(name: str) -> set[str]:
    classes = (ThriftyApp, LossmonApp, LiveScreen, RunScreens, SCREENS[name])
    own = [one for one in classes if name != "overview" or one is not RunScreens]
    return {key for one in own for binding in one.BINDINGS for key in binding.key.split(",")}


@pytest.mark.parametrize("name", list(SCREENS))
def test_every_key_in_the_help_is_bound_on_its_screen(name: str) -> None:
    assert {one.key for one in commands_of(name) if one.key} <= keys_bound(name)


@pytest.mark.parametrize("name", list(SCREENS))
def test_every_key_that_is_bound_on_a_screen_is_in_its_help(name: str) -> None:
    shown = {SIGNS.get(part, part) for one in commands_of(name) for part in one.label.split()}
    assert keys_bound(name) - shown - SPOKEN == (OF_CHARTS if name == "events" else set())


@pytest.mark.parametrize("name", list(SCREENS))
def test_the_help_fits_80_columns_and_24_rows_uncut(name: str) -> None:
    lines = help_lines(name)
    assert len(lines) <= 22
    text = "\n".join(line.text for line in lines)
    for one in commands_of(name):
        assert one.words in text or len(one.label) == 1
    assert "…" not in text


def test_no_key_collides_with_tmux_screen_or_flow_control() -> None:
    keys = {one.key for one in COMMANDS}
    assert not keys & {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q"}
    assert not any(key.startswith("alt+") for key in keys)


async def test_a_command_is_found_by_its_words_and_done(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("ctrl+p", *"baseline", "enter")
        assert "▶● = sick" in screen.text
        await screen.press("colon", *"show its lay", "enter")
        assert isinstance(screen.app.screen, LayersScreen)
        await screen.press("ctrl+p", "down", "down", "up", *"quit", "escape")
        assert screen.app.is_running
        await screen.press("ctrl+p", *"nothing like it", "enter", "c")
        assert isinstance(screen.app.screen, LayersScreen)


async def test_the_mouse_chooses_rows_and_steps(opened: Opened, two_runs: tuple[Any, Any]) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        pilot = screen._pilot
        await pilot.click("#table", offset=(10, 2))
        assert "▶○ healthy" in screen.text
        await pilot.click("#table", offset=(10, 1))
        assert "▶● sick" in screen.text
        await screen.press("enter")
        await pilot.click("#findings", offset=(10, 2))
        assert "▶! warning lr-too-low" in screen.text
        await pilot.click("#chart", offset=(44, 4))
        await pilot.pause()
        assert "┊ step 10" in screen.text
        await screen.press("4")
        await pilot.click("#events", offset=(10, 1))
        assert screen.app.is_running


def test_the_page_of_the_terminal_lists_every_key_of_the_help() -> None:
    page = (ROOT / "docs/terminal.md").read_text(encoding="utf-8")
    for one in COMMANDS:
        if len(one.label) > 1 or not one.label.isdigit():
            label = " ".join(f"`{part}`" for part in one.label.split())
            assert f"| {label} | {one.words} |" in page
