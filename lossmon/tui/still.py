"""One screen of the interface as text, drawn by the interface itself, without a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment
from textual.pilot import Pilot

from lossmon.errors import NoDataError
from lossmon.tui.app import LossmonApp
from lossmon.tui.keymap import SCREENS
from lossmon.tui.palette import STYLES
from lossmon.tui.plain import RAW_SIGN

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source

LEAST, MOST = (20, 5), (500, 200)
"""Columns and rows that a screen may have."""
_LOOK_EVERY_S = 0.02
_RANGE = STYLES["range"].bgcolor


def still(
    source: Source, size: tuple[int, int], *, screen: str = "", colour: bool = False
) -> list[str]:
    """Return the rows of a screen of `size` columns and rows, once every run is judged.

    Without `screen` it is the one that the interface opens with.

    Raises:
        NoDataError: There is no run.
    """
    app, rows = LossmonApp(source, charset="braille"), list[str]()

    async def look(pilot: Pilot[object]) -> None:
        while not _is_ready(app):
            await pilot.pause(_LOOK_EVERY_S)
        if screen:
            await pilot.press(str(SCREENS.index(screen) + 1))
        await pilot.pause()
        rows.extend(_rows(app, colour=colour))
        app.exit(0)

    app.run(headless=True, size=size, mouse=False, auto_pilot=look)
    if app.fault is not None:
        raise app.fault
    if not app.latest.runs:
        raise NoDataError(f"{source.shown}: {app.latest.problem}")
    return rows


def _is_ready(app: LossmonApp) -> bool:
    """Return whether what is shown is whole, or will never come."""
    runs = app.latest.runs
    judged = all(view.report is not None or view.problem for view in runs)
    return judged if runs else bool(app.latest.problem)


def _rows(app: LossmonApp, *, colour: bool) -> list[str]:
    strips = app.screen._compositor.render_strips()
    if not colour:
        return ["".join(map(_plain, strip)).rstrip() for strip in strips]
    console = Console(file=io.StringIO(), color_system="256", force_terminal=True)
    return [strip.render(console) for strip in strips]


def _plain(segment: Segment) -> str:
    """Return the text of a piece; where a tint is all there is to see, a sign stands for it."""
    tint = None if segment.style is None else segment.style.bgcolor
    return segment.text.replace(" ", RAW_SIGN) if tint == _RANGE else segment.text
