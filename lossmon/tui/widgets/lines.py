"""Rows of styled text that send only what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from lossmon.tui.charset import in_charset
from lossmon.tui.line import EMPTY, Line, last_difference
from lossmon.tui.palette import CHOSEN, STYLES
from lossmon.tui.widgets.drawn import charset_of

Make = Callable[[int, int], Sequence[Line]]
"""Width and height to lines; called again when the size changes."""


class Lines(Widget):
    """Shows lines, one a row; rows beyond its height are not shown."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._make: Make | None = None
        self._lines: tuple[Line, ...] = ()
        self._laid_out = Size()
        """The size that the lines were made for."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown, from the top."""
        return self._lines

    def draw(self, make: Make) -> None:
        """Show what `make` returns, now and after each change of size."""
        self._make = make
        self._update()

    def on_resize(self, _: events.Resize) -> None:
        """Lay the lines out anew."""
        self._update()

    def render_line(self, y: int) -> Strip:
        """Return one row; Textual asks for those that were marked as changed."""
        if self.size != self._laid_out:
            # Not after the message that tells the size: an empty box would be sent before it.
            self._lines = self._made()
        row = self._lines[y] if y < len(self._lines) else EMPTY
        charset = charset_of(self)
        segments = [Segment(in_charset(text, charset), STYLES[style]) for text, style in row.spans]
        strip = Strip(segments).adjust_cell_length(self.size.width, Style())
        strip = strip.apply_style(CHOSEN) if row.chosen else strip
        return strip.apply_style(self.rich_style).simplify()

    def _update(self) -> None:
        width = self.size.width
        if self._make is None or not width:
            return
        before, self._lines = self._lines, self._made()
        lines = self._lines
        for y in range(max(len(before), len(lines))):
            old = before[y] if y < len(before) else EMPTY
            new = lines[y] if y < len(lines) else EMPTY
            changed = min(last_difference(old, new), width)
            if changed:
                self.refresh(Region(0, y, changed, 1))

    def _made(self) -> tuple[Line, ...]:
        width, height = self._laid_out = self.size
        return () if self._make is None else tuple(self._make(width, height))[:height]
