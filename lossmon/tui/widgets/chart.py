"""A chart that says in words why there is none, and keeps its value axis while that still fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lossmon.tui.widgets.cellgrid import CellGrid

if TYPE_CHECKING:  # numpy comes with the first run to draw, behind the first frame
    from lossmon.tui.raster import Cells, Picture
    from lossmon.tui.scale import Axis
    from lossmon.tui.snapshot import RunView

_NO_LOSS = {
    True: "no loss recorded yet\n\nIf it stays so: pass criterion= to lossmon.watch(), "
    "or give the loss to mon.step(loss).",
    False: "no loss was recorded\n\nNext time pass criterion= to lossmon.watch(), "
    "or give the loss to mon.step(loss).",
}
"""By whether the run goes on."""

Make = Callable[["Axis | None"], "Picture | None"]
"""The value axis in use to what is drawn."""


class Chart(CellGrid):
    """Draws a picture; another one is asked for whenever something has changed."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._subject: object = None
        self._picture: Picture | None = None
        self._words = ""

    @property
    def picture(self) -> Picture | None:
        """What is drawn; None where there is nothing to draw, or nothing was drawn yet."""
        return self._picture

    def draw(self, subject: object, make: Make, words: str) -> None:
        """Show what `make` returns, else `words`; another subject has a value axis of its own."""
        if self._subject != subject:
            self._picture = None
        self._subject, self._words = subject, words
        self._picture = make(None if self._picture is None else self._picture.y)
        self.put(self._drawn)

    def _drawn(self, rows: int, columns: int) -> Cells:
        from lossmon.tui import raster

        if self._picture is None:
            return raster.notice(self._words, rows, columns)
        return raster.draw(self._picture, rows, columns)


def no_loss(view: RunView) -> str:
    """Return what stands in the place of a loss that was not recorded."""
    return _NO_LOSS[view.is_growing]
