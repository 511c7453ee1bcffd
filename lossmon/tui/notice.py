"""Bytes by which a terminal draws attention. Text in them is inert, whatever a log holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from lossmon.numfmt import printable

Way = Literal["bell", "title", "osc9", "osc777", "osc99"]

WAYS: Mapping[Way, str] = {
    "bell": "the terminal's bell",
    "title": "the title of the window, put back at the end",
    "osc9": "a desktop notification: iTerm2, WezTerm, Ghostty, Windows Terminal",
    "osc777": "a desktop notification: foot, WezTerm, urxvt, GNOME's terminals",
    "osc99": "a desktop notification: kitty",
}
"""By name, what each does, and which terminals know it."""

SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
_BELL, _END = "\x07", "\x1b\\"
_LONGEST = 160


def alert(ways: Sequence[Way], text: str, env: Mapping[str, str]) -> str:
    """Return what to send for one notice; `env` tells what the terminal is."""
    ways = [way for way in ways if way == "bell" or not is_dumb(env)]
    safe = printable(text, _LONGEST)
    sent = _BELL if "bell" in ways else ""
    if "osc9" in ways:
        sent += _through(f"\x1b]9;lossmon: {safe}{_BELL}", env)
    if "osc777" in ways:
        sent += _through(f"\x1b]777;notify;lossmon;{safe.replace(';', ',')}{_BELL}", env)
    if "osc99" in ways:
        sent += _through(f"\x1b]99;i=lossmon:d=0;lossmon{_END}", env)
        sent += _through(f"\x1b]99;i=lossmon:p=body;{safe}{_END}", env)
    return sent


def title(text: str) -> str:
    """Return what sets the title of the window, or of the pane inside tmux."""
    return f"\x1b]2;{printable(text, _LONGEST)}{_END}"


def is_dumb(env: Mapping[str, str]) -> bool:
    """Return whether the terminal knows no escape sequences; a bell it has."""
    return env.get("TERM", "dumb") in ("", "dumb")


def _through(sequence: str, env: Mapping[str, str]) -> str:
    """Return a sequence as tmux passes it on to the terminal around it."""
    if not env.get("TMUX") and not env.get("TERM", "").startswith("tmux"):
        return sequence
    escaped = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{escaped}{_END}"
