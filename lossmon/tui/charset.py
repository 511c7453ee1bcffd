"""Which characters a terminal is sent: braille, half blocks, or ASCII alone.

Everything is laid out in the richest set; a poorer one replaces each cell on its way out, one for
one, so that no column moves. There is no way to ask a terminal what it can draw.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from typing import Literal

from rich.cells import cell_len

from lossmon.tui.strokes import BLANK, stroke

Charset = Literal["braille", "block", "ascii"]
CHARSETS: tuple[Charset, ...] = ("braille", "block", "ascii")

_UPPER, _LOWER = 0x01 | 0x08 | 0x02 | 0x10, 0x04 | 0x20 | 0x40 | 0x80
"""Dots in the upper and in the lower half of a cell."""
_SIGNS = {
    "│": "|", "┤": "+", "└": "+", "─": "-", "╌": "=", "━": "-", "┊": ":", "╭": "+", "╮": "+",
    "╰": "+", "╯": "+", "·": ".", "░": ":", "▒": "+", "▓": "%", "█": "#", "×": "x", "▼": "v",
    "▶": ">", "●": "*", "◐": "~", "○": "o", "✕": "X", "✗": "X", "✓": "+", "–": "-", "…": "~",
    "‖": "|", "Δ": "d", "⟨": "<", "⟩": ">", "₋": "-", "₁": "1", "²": "2", "√": "V", "λ": "l",
    "°": "o", "±": "~", "→": ">", "←": "<", "↑": "^", "↓": "v", "↕": "|", "↵": "&", "σ": "s",
}  # fmt: skip


def find_charset(environment: Mapping[str, str] = os.environ) -> Charset:
    """Return the set that LOSSMON_CHARSET names, else the one that the locale allows.

    The console of Linux has no braille. A locale that is set, and not to UTF-8, means ASCII; Python
    sets LC_CTYPE to C.UTF-8 itself where the locale is C, which says nothing of the terminal.
    """
    named = environment.get("LOSSMON_CHARSET", "").lower()
    for known in CHARSETS:
        if named == known:
            return known
    if environment.get("TERM") == "linux":
        return "ascii"
    ctype = environment.get("LC_CTYPE", "")
    coerced = ctype.upper().replace("-", "") in ("C.UTF8", "UTF8")
    names = ("LC_ALL", "LANG") if coerced else ("LC_ALL", "LC_CTYPE", "LANG")
    locale = next(filter(None, (environment.get(name, "") for name in names)), "UTF-8")
    return "braille" if "UTF8" in locale.upper().replace("-", "") else "ascii"


def in_charset(text: str, charset: Charset) -> str:
    """Return `text` in the characters of a set, every one as wide as before."""
    if charset == "braille" or text.isascii():
        return text
    return "".join(_char(char, charset) for char in text)


def _char(char: str, charset: Charset) -> str:
    code = ord(char)
    if BLANK <= code < BLANK + 256:
        return _block(code - BLANK) if charset == "block" else stroke(code - BLANK)
    if charset == "block" or code < 0x80:
        return char
    return _SIGNS.get(char) or _latin(char)


def _block(dots: int) -> str:
    return " ▄▀█"[2 * bool(dots & _UPPER) + bool(dots & _LOWER)]


def _latin(char: str) -> str:
    """Return the letter below an accent, else a question mark a cell."""
    width = cell_len(char)
    letter = unicodedata.normalize("NFKD", char)[:1]
    return letter if letter.isascii() and letter.isprintable() and width == 1 else "?" * width
