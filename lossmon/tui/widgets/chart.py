"""A chart that sends only the cells that changed.

Textual sends a widget's row from its left edge up to the changed cell, so the chart is cut into
slices: a curve that grows at its right end costs one slice a row. Measured at 2 updates a second:
see benchmarks/tui.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from lossmon.tui.palette import INK, PAPER

if TYPE_CHECKING:  # numpy comes with the first run to draw, behind the first frame
    from lossmon.tui.raster import Cells, Picture
    from lossmon.tui.scale import Axis

_SLICES = 12

Make = Callable[["Axis | None"], "Picture | None"]
"""Value axis in use to picture, or None where there is nothing to draw."""


class Slice(Widget):
    """A part of the chart, as wide as its share."""

    def render_line(self, y: int) -> Strip:
        """Return one row of the part of the chart that lies under this slice."""
        chart = self.parent
        assert isinstance(chart, Chart)
        return chart.strip(y, self.region.x - chart.region.x, self.size.width, self)


class Chart(Horizontal):
    """Draws a picture, or says in words why there is none."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._make: Make | None = None
        self._reason = ""
        self._axis: Axis | None = None
        self._cells: Cells | None = None

    def compose(self) -> ComposeResult:
        """Lay out the slices."""
        for _ in range(_SLICES):
            yield Slice()

    @property
    def cells(self) -> Cells | None:
        """What is shown; None before the first picture."""
        return self._cells

    def draw(self, make: Make, *, reason: str) -> None:
        """Show what `make` returns, now and after each change of size; else show `reason`."""
        self._make, self._reason = make, reason
        self._update()

    def forget_axis(self) -> None:
        """Let the next picture choose its value axis freely: it is of another run or scale."""
        self._axis = None

    def on_resize(self, _: events.Resize) -> None:
        """Draw in the new size."""
        self._update()

    def strip(self, y: int, start: int, width: int, part: Widget) -> Strip:
        """Return `width` cells of row `y` from column `start`."""
        cells = self._cells
        if cells is None or y >= cells.chars.shape[0]:
            return Strip.blank(width, part.rich_style)
        at = slice(start, start + width)
        chars, inks, papers = cells.chars[y, at], cells.ink[y, at], cells.paper[y, at]
        segments: list[Segment] = []
        text, style = "", (-1, -1)
        for char, ink, paper in zip(chars, inks, papers, strict=True):
            if (ink, paper) != style and text:
                segments.append(Segment(text, INK[style[0]] + PAPER[style[1]]))
                text = ""
            text, style = text + chr(char), (int(ink), int(paper))
        segments.append(Segment(text, INK[style[0]] + PAPER[style[1]]))
        strip = Strip(segments).adjust_cell_length(width, part.rich_style)
        return strip.apply_style(part.rich_style)

    def _update(self) -> None:
        width, height = self.size
        if self._make is None or not width or not height:
            return
        from lossmon.tui import raster

        picture = self._make(self._axis)
        if picture is None:
            cells = raster.notice(self._reason, height, width)
        else:
            self._axis = picture.y
            cells = raster.draw(picture, height, width)
        before, self._cells = self._cells, cells
        self._refresh(before, cells)

    def _refresh(self, before: Cells | None, cells: Cells) -> None:
        if before is None or before.chars.shape != cells.chars.shape:
            for part in self.children:
                part.refresh()
            return
        changed = before.chars != cells.chars
        changed |= (before.ink != cells.ink) | (before.paper != cells.paper)
        for part in self.children:
            start = part.region.x - self.region.x
            mine = changed[:, start : start + part.size.width]
            for y in mine.any(axis=1).nonzero()[0]:
                last = int(mine[y].nonzero()[0][-1])
                part.refresh(Region(0, int(y), last + 1, 1))
