"""All that can be done on the screen in front, found by its words and done by Enter."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from lossmon.tui.filtering import matches
from lossmon.tui.keymap import Command, commands_of
from lossmon.tui.line import Line, fit, line
from lossmon.tui.screens.prompt import typed
from lossmon.tui.widgets.lines import Lines

_SELF = "ctrl+p"
_KEY = 10


class CommandsScreen(ModalScreen[None]):
    """A list to type at; arrows choose, Enter does what the key would do."""

    AUTO_FOCUS = ""

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._of, self._text, self._at = screen, "", 0

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        yield Lines(id="help")

    def on_mount(self) -> None:
        """Fill it."""
        box = self.query_one("#help", Lines)
        box.styles.height = min(len(commands_of(self._of)) + 3, max(self.size.height - 4, 6))
        box.draw(self._visible)

    def on_key(self, event: events.Key) -> None:
        """Take every key: letters are words to look for."""
        event.stop()
        event.prevent_default()
        found = self._found()
        if event.key in ("escape", "ctrl+p"):
            self.app.pop_screen()
        elif event.key == "enter":
            self.app.pop_screen()
            if found:
                self.app.simulate_key(found[self._at].key)
        elif event.key in ("down", "up", "ctrl+n"):
            self._at += -1 if event.key == "up" else 1
        else:
            self._text, self._at = typed(self._text, event), 0
        self._at = min(max(self._at, 0), max(len(self._found()) - 1, 0))
        if self.is_current:
            self.query_one("#help", Lines).draw(self._visible)

    def _found(self) -> list[Command]:
        return [
            one
            for one in commands_of(self._of)
            if one.key not in ("", _SELF) and matches(self._text, f"{one.words} {one.label}")
        ]

    def _visible(self, width: int, height: int) -> list[Line]:
        found, room = self._found(), max(height - 1, 0)
        start = min(max(self._at - room // 2, 0), max(len(found) - room, 0))
        lines = [line((" : ", "key"), (self._text, "bold"), ("█", "key"))]
        for number, one in enumerate(found[start : start + room], start):
            sign = "▶" if number == self._at else " "
            words = fit(one.words, max(width - _KEY - 2, 0))
            lines.append(
                line((sign, "key"), (fit(one.label, _KEY), "key"), words, chosen=sign != " ")
            )
        return lines
