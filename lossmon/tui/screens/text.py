"""A page of text to scroll: a finding explained, a verdict in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from lossmon.numfmt import printable
from lossmon.tui.line import Line, ends
from lossmon.tui.widgets.keys import TEXT, key_line
from lossmon.tui.widgets.lines import Lines

Page = Callable[[int], Sequence[Line]]
"""Width to lines."""


class TextScreen(Screen[None]):
    """Shows a page that stays as it was when it was opened."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [
        Binding("j,down", "scroll(1)"),
        Binding("k,up", "scroll(-1)"),
        Binding("space,pagedown", "page(1)"),
        Binding("b,pageup", "page(-1)"),
        Binding("g,home", "top"),
        Binding("G,end", "bottom"),
        Binding("escape,enter", "back"),
    ]

    def __init__(self, title: str, page: Page) -> None:
        super().__init__()
        self._title = title
        self._page = page
        self._top = 0

    def compose(self) -> ComposeResult:
        """Lay out title, page and keys."""
        yield Lines(id="header")
        yield Lines(id="page")
        yield Lines(id="keys")

    def on_mount(self) -> None:
        """Fill the rows."""
        self.query_one("#page", Lines).draw(self._visible)
        self.query_one("#keys", Lines).draw(lambda width, _: [key_line(TEXT, width)])
        self._mark_place()

    def action_scroll(self, by: int) -> None:
        """Move the page by lines."""
        self._go(self._top + by)

    def action_page(self, by: int) -> None:
        """Move the page by its height, less one line."""
        self._go(self._top + by * max(self.query_one("#page", Lines).size.height - 1, 1))

    def action_top(self) -> None:
        """Show the first line."""
        self._go(0)

    def action_bottom(self) -> None:
        """Show the last line."""
        self._go(1 << 30)

    def action_back(self) -> None:
        """Return to where one came from."""
        self.app.pop_screen()

    def _go(self, top: int) -> None:
        width, height = self.query_one("#page", Lines).size
        self._top = min(max(top, 0), max(len(self._page(width)) - height, 0))
        self.on_mount()

    def _visible(self, width: int, height: int) -> Sequence[Line]:
        lines = self._page(width)
        self._top = min(self._top, max(len(lines) - height, 0))
        return lines[self._top : self._top + height]

    def _mark_place(self) -> None:
        def header(width: int, _: int) -> list[Line]:
            page = self.query_one("#page", Lines).size
            below = len(self._page(width)) - self._top - page.height
            more = [(f"{below} more lines ", "dim")] if below > 0 and page.height else []
            return [ends([(" lossmon  ", "title"), (printable(self._title), "bold")], more, width)]

        self.query_one("#header", Lines).draw(header)

    def on_resize(self) -> None:
        """Count the lines below anew."""
        self.call_after_refresh(self._mark_place)
