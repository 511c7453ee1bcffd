"""A line to type in, over the last row of the screen that asked for it."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from lossmon.tui.line import Line, line
from lossmon.tui.widgets.lines import Lines

_LONGEST = 200


class PromptScreen(ModalScreen[None]):
    """Hands on what is typed with every key; Enter keeps it, Escape takes it back."""

    AUTO_FOCUS = ""

    def __init__(self, label: str, text: str, changed: Callable[[str], object]) -> None:
        super().__init__()
        self._label, self._before, self._text, self._changed = label, text, text, changed

    def compose(self) -> ComposeResult:
        """Lay out the row."""
        yield Lines(id="prompt")

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one("#prompt", Lines).draw(lambda *_: [self._row()])

    def on_key(self, event: events.Key) -> None:
        """Take every key: none of them means here what it means on the screen below."""
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "escape"):
            self._type(self._before if event.key == "escape" else self._text)
            self.app.pop_screen()
        else:
            self._type(typed(self._text, event))

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line of what is pasted."""
        event.stop()
        lines = event.text.splitlines()
        self._type(self._text + "".join(c for c in lines[0] if c.isprintable()) if lines else "")

    def _type(self, text: str) -> None:
        self._text = text[:_LONGEST]
        self._changed(self._text)
        self.on_mount()

    def _row(self) -> Line:
        hint = ("   words, !word for without; ↵ keeps, esc takes back", "dim")
        return line((f" {self._label} ", "key"), (self._text, "bold"), ("█", "key"), hint)


def typed(text: str, event: events.Key) -> str:
    """Return the text after a key: a character more, one less, or none at all."""
    if event.key == "backspace":
        return text[:-1]
    if event.key in ("ctrl+u", "ctrl+w"):
        return "" if event.key == "ctrl+u" else text.rstrip().rpartition(" ")[0]
    return text + event.character if event.is_printable and event.character else text
