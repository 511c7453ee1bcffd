"""The keys, over whatever screen one is on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from lossmon.tui.line import EMPTY, Line, fit, line
from lossmon.tui.widgets.lines import Lines

KEYS = (
    ("j k  ↓ ↑", "next, previous run or finding"),
    ("", "runs are sorted anew 5 s after the last key"),
    ("g G", "first, last"),
    ("n N", "next, previous finding, or run in trouble"),
    ("↵", "open the run; explain the finding"),
    ("esc", "back (never quits)"),
    ("1 2", "overview, run"),
    ("y", "log or linear loss axis"),
    ("f", "freeze the screen; again: go on"),
    ("?", "this help; any of ? esc q closes it"),
    ("q", "quit (ctrl+c too); the training goes on"),
)
SIGNS = (
    ("● live  ◐ stalled  ✕ dead  ○ finished  ? silent", "the run's process"),
    ("✗ error  ! warning  i info", "how bad a finding is"),
)
_KEY = 12


class HelpScreen(ModalScreen[None]):
    """A box in the middle."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [Binding("escape,question_mark,f1,enter,q", "close")]

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        yield Lines(id="help")

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one("#help", Lines).draw(lambda *_: help_lines())

    def action_close(self) -> None:
        """Return to the screen below."""
        self.app.pop_screen()


def help_lines() -> list[Line]:
    """Return the keys and the signs."""
    lines = [line((" keys", "title"))]
    lines += [line((f"  {fit(key, _KEY)}", "key"), what) for key, what in KEYS]
    lines += [EMPTY, line((" signs", "title"))]
    for signs, what in SIGNS:
        lines += [line((f"  {signs}", "key")), line((f"      {what}", "dim"))]
    return lines
