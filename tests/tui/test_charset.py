"""Characters for terminals that have no braille, or nothing beyond ASCII."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from rich.cells import cell_len

from lossmon.tui.charset import find_charset, in_charset

Opened = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, "braille"),
        ({"LANG": "en_GB.UTF-8"}, "braille"),
        ({"LANG": "en_GB.utf8"}, "braille"),
        ({"LANG": "C"}, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, "braille"),
        ({"LC_CTYPE": "C.UTF-8"}, "braille"),
        ({"LC_ALL": "de_DE.ISO-8859-1", "LANG": "en_GB.UTF-8"}, "ascii"),
        ({"TERM": "linux", "LANG": "en_GB.UTF-8"}, "ascii"),
        ({"TERM": "linux", "LOSSMON_CHARSET": "block"}, "block"),
        ({"LOSSMON_CHARSET": "nonsense", "LANG": "C"}, "ascii"),
    ],
)
def test_the_set_is_that_of_the_locale_unless_one_is_named(
    environment: dict[str, str], found: str
) -> None:
    assert find_charset(environment) == found


def test_every_character_keeps_its_width_in_every_set() -> None:
    text = "".join(map(chr, range(0x2800, 0x2900))) + "▶●◐✕✗│┤└─╌━·░▒▓█×▼┊‖Δ√é学習🎉α→↵"
    for charset in ("block", "ascii"):
        for char in text:
            assert cell_len(in_charset(char, charset)) == cell_len(char)  # type: ignore[arg-type]
    assert in_charset(text, "ascii").isascii()
    assert in_charset(text, "braille") == text


def test_braille_becomes_halves_of_cells_and_letters_lose_their_accents() -> None:
    assert in_charset("\u2800⠉⣀⣿ é学", "block") == " ▀▄█ é学"
    assert in_charset("⠉⣀⠤⡇ é学✗", "ascii") == "'.-| e??X"


async def test_a_key_changes_the_set_on_every_row(
    opened: Opened, not_reading: None, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("M")
        assert "▀" in screen.text
        assert not any(0x2800 < ord(char) < 0x2900 for char in screen.text)
        await screen.press("M")
        assert screen.text.isascii()
        assert ">* sick" in screen.text
        await screen.press("enter", "3", "4", "question_mark")
        assert screen.text.isascii()
