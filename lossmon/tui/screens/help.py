"""The keys of the screen one is on, over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from lossmon.tui.keymap import Command, commands_of
from lossmon.tui.line import EMPTY, Line, Span, fit, line
from lossmon.tui.widgets.lines import Lines

SIGNS = (
    ("● live  ◐ stalled  ✕ dead  ○ finished  ? silent", "the run's process"),
    ("✗ error  ! warning  i info", "how bad a finding is"),
)
_LEFT_OUT = ("1", "2", "3", "4")
"""Keys that another line names with them."""
_KEY = 9
_TWO = 76
"""Columns for two keys side by side."""


class HelpScreen(ModalScreen[None]):
    """A box in the middle, to be scrolled where the screen is too low for it."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [
        Binding("escape,question_mark,f1,enter,q", "close"),
        Binding("j,down,space,pagedown", "scroll(1)"),
        Binding("k,up,pageup", "scroll(-1)"),
    ]

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._of, self._top = screen, 0

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        yield Lines(id="help")

    def on_mount(self) -> None:
        """Fill it."""
        box = self.query_one("#help", Lines)
        box.styles.height = len(help_lines(self._of, min(self.size.width, _TWO + 2) - 2)) + 2
        box.draw(self._visible)

    def on_resize(self) -> None:
        """Lay the keys out anew."""
        self.on_mount()

    def action_close(self) -> None:
        """Return to the screen below."""
        self.app.pop_screen()

    def action_scroll(self, by: int) -> None:
        """Move the keys by a row."""
        self._top = max(self._top + by, 0)
        self.on_mount()

    def _visible(self, width: int, height: int) -> Sequence[Line]:
        lines = help_lines(self._of, width)
        self._top = min(self._top, max(len(lines) - height, 0))
        return lines[self._top : self._top + height]


def help_lines(screen: str, width: int = _TWO) -> list[Line]:
    """Return the keys of a screen, two to a row where there is room, and the signs."""
    keys = [one for one in commands_of(screen) if one.label not in _LEFT_OUT]
    lines = [line((f" keys of {screen}", "title"))]
    if width < _TWO:
        lines += [line(*_entry(one, width)) for one in keys]
    else:
        half = -(-len(keys) // 2)
        right = [_entry(one, width // 2) for one in keys[half:]] + [[]]
        rows = zip(keys[:half], right, strict=False)
        lines += [line(*_entry(one, width // 2), *other) for one, other in rows]
    lines += [EMPTY, line((" signs", "title"))]
    for signs, what in SIGNS:
        lines += [line((f"  {signs}", "key"), (f"   {what}", "dim"))]
    return lines


def _entry(command: Command, width: int) -> list[Span]:
    return [
        (f" {fit(command.label, _KEY)}", "key"),
        (fit(command.words, max(width - _KEY - 1, 0)), ""),
    ]
