"""Cells on the screen, of which only the rows that changed are drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from lossmon.tui.charset import in_charset
from lossmon.tui.palette import INK, PAPER
from lossmon.tui.widgets.drawn import charset_of

if TYPE_CHECKING:  # numpy comes with the first run to draw, behind the first frame
    from lossmon.tui.raster import Cells

_BLANK = ord(" ")


class CellGrid(Widget):
    """Shows what a function draws for its size, now and after each change of size."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._make: Callable[[int, int], Cells] | None = None
        self._cells: Cells | None = None

    @property
    def cells(self) -> Cells | None:
        """What is on the screen; None before the first drawing."""
        return self._cells

    def put(self, make: Callable[[int, int], Cells]) -> None:
        """Show what `make` draws in so many rows and columns."""
        self._make = make
        self._update()

    def on_resize(self, _: events.Resize) -> None:
        """Draw in the new size."""
        self._update()

    def render_line(self, y: int) -> Strip:
        """Return one row; Textual asks for those that were marked as changed."""
        width, cells = self.size.width, self._cells
        if cells is None or y >= cells.chars.shape[0]:
            return Strip.blank(width, self.rich_style)
        charset = charset_of(self)
        row = cells.chars[y].tolist(), cells.ink[y].tolist(), cells.paper[y].tolist()
        strip = Strip(
            [Segment(in_charset(one.text, charset), one.style) for one in _segments(*row)]
        )
        return strip.adjust_cell_length(width, self.rich_style).apply_style(self.rich_style)

    def _update(self) -> None:
        width, height = self.size
        if self._make is None or not width or not height:
            return
        before, self._cells = self._cells, self._make(height, width)
        self._refresh(before, self._cells)

    def _refresh(self, before: Cells | None, cells: Cells) -> None:
        if before is None or before.chars.shape != cells.chars.shape:
            self.refresh()
            return
        changed = before.chars != cells.chars
        changed |= (before.ink != cells.ink) | (before.paper != cells.paper)
        for y in changed.any(axis=1).nonzero()[0]:
            self.refresh(Region(0, int(y), self.size.width, 1))


def _segments(chars: list[int], inks: list[int], papers: list[int]) -> Iterator[Segment]:
    """Yield as few pieces as possible: a blank takes the colour of what stands before it."""
    text, ink, paper = "", 0, -1
    for char, its_ink, its_paper in zip(chars, inks, papers, strict=True):
        blank = char == _BLANK
        if its_paper != paper or not (blank or its_ink == ink or not text.strip()):
            if text:
                yield Segment(text, INK[ink] + PAPER[paper])
            text, ink, paper = "", its_ink, its_paper
        if not blank:
            ink = its_ink
        text += chr(char)
    if text:
        yield Segment(text, INK[ink] + PAPER[paper])
