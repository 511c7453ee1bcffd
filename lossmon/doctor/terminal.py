"""What the terminal can show, by what it says of itself: it cannot be asked."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping

from lossmon.doctor.answer import Answer, ok, warning
from lossmon.tui.charset import find_charset

COLUMNS, ROWS = 80, 24
"""What the screens are laid out for; they do with less."""
_NO_MOUSE = ("linux", "dumb", "vt100", "vt220")


def terminal(
    environment: Mapping[str, str] = os.environ, *, is_terminal: bool | None = None
) -> Iterator[Answer]:
    """Yield what is known of the terminal of stdout."""
    here = sys.stdout is not None and sys.stdout.isatty() if is_terminal is None else is_terminal
    term = environment.get("TERM", "")
    if not here:
        yield ok("terminal", "stdout is not one: verdicts are printed as lines")
    elif term in ("", "dumb"):
        seen = f"TERM is {term or 'not set'}: verdicts are printed as lines"
        yield warning("terminal", seen, "export TERM=xterm-256color, or take `lossmon tail`")
    else:
        yield ok("terminal", term)
        yield _size()
        yield _mouse(term)
    yield _colours(term, environment)
    yield _characters(environment)
    yield from _around(term, environment)


def _size() -> Answer:
    columns, rows = shutil.get_terminal_size((COLUMNS, ROWS))
    seen = f"{columns} columns, {rows} rows"
    if columns >= COLUMNS and rows >= ROWS:
        return ok("size", seen)
    return warning("size", seen, f"columns are left out below {COLUMNS} by {ROWS}: make it larger")


def _mouse(term: str) -> Answer:
    if term in _NO_MOUSE:
        return ok("mouse", f"{term} has none; every key works")
    return ok("mouse", "used; `lossmon tui --no-mouse` leaves it to the terminal")


def _colours(term: str, environment: Mapping[str, str]) -> Answer:
    if environment.get("NO_COLOR"):
        return ok("colours", "none, by NO_COLOR; no meaning is lost")
    if environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        return ok("colours", "16 million, by COLORTERM")
    if "256color" in term or "direct" in term:
        return ok("colours", "256, by TERM")
    return ok("colours", "16", "export COLORTERM=truecolor, if the terminal has more")


def _characters(environment: Mapping[str, str]) -> Answer:
    charset, named = find_charset(environment), environment.get("LOSSMON_CHARSET", "")
    if charset == "braille":
        return ok("characters", "braille", "--charset block, where its dots are seen as boxes")
    if named.lower() == charset:
        return ok("characters", f"{charset}, by LOSSMON_CHARSET")
    if environment.get("TERM") == "linux":
        return ok("characters", "ASCII: the console of Linux has no braille")
    seen = "ASCII: the locale is not UTF-8"
    return warning("characters", seen, "export LC_ALL=C.UTF-8, or LOSSMON_CHARSET=braille")


def _around(term: str, environment: Mapping[str, str]) -> Iterator[Answer]:
    """Yield what stands between us and the terminal."""
    inside = "tmux" if environment.get("TMUX") else "screen" if environment.get("STY") else ""
    if inside and "256color" not in term:
        setting = {
            "tmux": "set -g default-terminal tmux-256color, in ~/.tmux.conf",
            "screen": "term screen-256color, in ~/.screenrc",
        }
        yield warning(inside, f"TERM is {term or 'not set'}: 16 colours at most", setting[inside])
    elif inside == "tmux":
        yield ok("tmux", "desktop notifications need allow-passthrough on")
    elif inside:
        yield ok(inside, "desktop notifications do not get through it")
    if environment.get("SSH_CONNECTION"):
        yield ok("ssh", "screens change once a second; `lossmon tui ssh://...` needs nothing here")
