"""Charts without a horizontal axis of their own, below one that has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lossmon.tui.widgets.cellgrid import CellGrid

if TYPE_CHECKING:
    from lossmon.tui.raster import Cells, Picture
    from lossmon.tui.scale import Axis

Make = Callable[["Axis | None"], "Picture"]


class Strips(CellGrid):
    """Shares its rows out among pictures."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._axes: dict[str, Axis] = {}
        self._pictures: tuple[Picture, ...] = ()

    def draw(self, subject: str, strips: Sequence[tuple[str, Make]]) -> None:
        """Show titled strips from the top; each keeps its value axis while that still fits."""
        pictures = []
        for title, make in strips:
            name = f"{subject}\0{title}"
            picture = make(self._axes.get(name))
            self._axes[name] = picture.y
            pictures.append(picture)
        self._pictures = tuple(pictures)
        self.put(self._drawn)

    def _drawn(self, rows: int, columns: int) -> Cells:
        from lossmon.tui import raster

        cells = raster.blank(rows, columns)
        count = len(self._pictures)
        for number, picture in enumerate(self._pictures):
            top, below = rows * number // count, rows * (number + 1) // count
            height = below - top - (1 if below - top > 3 else 0)
            part = raster.draw(picture, height, columns)
            cells.put(part, top)
        return cells
