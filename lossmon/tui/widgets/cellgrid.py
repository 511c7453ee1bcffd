"""Cells on the screen, of which only those that changed are sent.

Textual sends a widget's row from its left edge up to the changed cell, so the rectangle is cut into
slices: a curve that grows at its right end costs one slice a row. Measured at 2 updates a second:
see benchmarks/tui.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from lossmon.tui.charset import in_charset
from lossmon.tui.palette import INK, PAPER
from lossmon.tui.widgets.drawn import charset_of

if TYPE_CHECKING:  # numpy comes with the first run to draw, behind the first frame
    from lossmon.tui.raster import Cells

_SLICES = 16
_SLICE_WIDTH = 13
"""Columns of a slice: narrower ones cost more when all is drawn anew, wider ones at each step."""
_BLANK = ord(" ")


class Slice(Widget):
    """A part of the grid, as wide as its share."""

    def render_line(self, y: int) -> Strip:
        """Return one row of the part of the grid that lies under this slice."""
        grid = self.parent
        assert isinstance(grid, CellGrid)
        return grid.strip(y, self.region.x - grid.region.x, self.size.width, self)


class CellGrid(Horizontal):
    """Shows what a function draws for its size, now and after each change of size."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._make: Callable[[int, int], Cells] | None = None
        self._cells: Cells | None = None

    def compose(self) -> ComposeResult:
        """Lay out the slices."""
        for _ in range(_SLICES):
            yield Slice()

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
        shown = min(max(self.size.width // _SLICE_WIDTH, 1), _SLICES)
        for number, part in enumerate(self.children):
            part.display = number < shown
        self._update()

    def strip(self, y: int, start: int, width: int, part: Widget) -> Strip:
        """Return `width` cells of row `y` from column `start`."""
        cells = self._cells
        if cells is None or y >= cells.chars.shape[0]:
            return Strip.blank(width, part.rich_style)
        part_of_row = slice(start, start + width)
        row = cells.chars[y, part_of_row], cells.ink[y, part_of_row], cells.paper[y, part_of_row]
        charset = charset_of(self)
        strip = Strip(
            [
                Segment(in_charset(piece.text, charset), piece.style)
                for piece in _segments(*(part.tolist() for part in row))
            ]
        )
        return strip.adjust_cell_length(width, part.rich_style).apply_style(part.rich_style)

    def _update(self) -> None:
        width, height = self.size
        if self._make is None or not width or not height:
            return
        before, self._cells = self._cells, self._make(height, width)
        self._refresh(before, self._cells)

    def _refresh(self, before: Cells | None, cells: Cells) -> None:
        if before is None or before.chars.shape != cells.chars.shape:
            for part in self.children:
                part.refresh()
            return
        changed = before.chars != cells.chars
        changed |= (before.ink != cells.ink) | (before.paper != cells.paper)
        for part in self.displayed_children:
            start = part.region.x - self.region.x
            mine = changed[:, start : start + part.size.width]
            for y in mine.any(axis=1).nonzero()[0]:
                last = int(mine[y].nonzero()[0][-1])
                part.refresh(Region(0, int(y), last + 1, 1))


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
