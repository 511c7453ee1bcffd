"""A chart as cells: numpy in, characters and colour numbers out. Knows no terminal.

Lowest and highest raw value are a tint behind the curve, the moving average is braille before it,
values that are not finite are a sign on the bottom row. Whatever a colour says, a sign says too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from lossmon.numfmt import fmt_count
from lossmon.records import Floats
from lossmon.tui.braille import BLANK, Dots, columns_of, heights, pack, spread, trace
from lossmon.tui.points import Points
from lossmon.tui.scale import Axis, step_ticks, value_ticks

GUTTER = 9
"""Columns left of the plot: a label, a space, the axis."""
_LEAST = (4, GUTTER + 8)
"""Rows and columns below which nothing is drawn."""
FLAT_SIGN, SHADE_SIGN, BAD_SIGN, EVENT_SIGN = "░", "▒", "×", "▼"

Range = tuple[int, int]
"""First and last step, inclusive."""


class Ink(IntEnum):
    """What a character belongs to."""

    NONE = 0
    AXIS = 1
    CURVE = 2
    BAD = 3
    GUIDE = 4
    EVENT = 5
    SHADE = 6


class Paper(IntEnum):
    """What lies behind a character; the bits add up where both do."""

    NONE = 0
    RANGE = 1
    SHADE = 2
    BOTH = 3


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A rectangle of cells; shape (rows, columns) each."""

    chars: NDArray[np.uint32]
    """Code points."""
    ink: NDArray[np.uint8]
    paper: NDArray[np.uint8]

    def cut(self, rows: slice, columns: slice) -> Cells:
        """Return a view of a part: what is written there is written here."""
        at = rows, columns
        return Cells(self.chars[at], self.ink[at], self.paper[at])


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a chart shows."""

    points: Points
    x: Axis
    y: Axis
    flat: Range | None = None
    """The plateau, on the axis."""
    shade: Range | None = None
    """The steps in question, on the axis and behind the curve."""
    events: tuple[int, ...] = ()
    guide: float | None = None
    """A value to compare with."""


def draw(picture: Picture, rows: int, columns: int) -> Cells:
    """Return the chart in so many rows and columns, axes included."""
    cells = blank(rows, columns)
    if rows < _LEAST[0] or columns < _LEAST[1]:
        return cells
    inside = cells.cut(slice(0, rows - 2), slice(GUTTER, columns))
    _range(picture, inside)
    _shade(picture, inside)
    _guide(picture, inside)
    _curve(picture, inside)
    _signs(picture, inside)
    _value_axis(picture, cells)
    _step_axis(picture, cells)
    return cells


def blank(rows: int, columns: int) -> Cells:
    """Return empty cells."""
    shape = rows, columns
    return Cells(
        np.full(shape, ord(" "), np.uint32), np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    )


def notice(words: str, rows: int, columns: int) -> Cells:
    """Return cells with a few lines of text in their middle, wrapped at the width."""
    cells = blank(rows, columns)
    lines = [part for text in words.split("\n") for part in wrap(text, max(columns - 4, 8)) or [""]]
    for number, text in enumerate(lines[:rows]):
        row = max((rows - len(lines)) // 2, 0) + number
        _write(cells, row, max((columns - len(text)) // 2, 0), text[:columns], Ink.AXIS)
    return cells


def sparkline(points: Points, columns: int, *, growing: bool) -> str:
    """Return the moving average in one row of `columns` braille characters."""
    finite = points.trend[~np.isnan(points.trend)]
    if not len(finite):
        return " " * columns
    low, high = float(finite.min()), float(finite.max())
    is_flat = high - low <= 1e-3 * max(abs(low), abs(high))
    y = Axis(low - abs(low) - 1, high + abs(high) + 1) if is_flat else Axis(low, high)
    span = max(int(points.steps[-1]) - points.first_step, 1)
    # Coarser than the chart's axis: a row of the table is sent whole whenever a dot moves.
    span = 1 << span.bit_length() if growing else span
    x = Axis(points.first_step, points.first_step + span)
    chars = pack(trace(_levels(points, x, y, 2 * columns)[0], 4))[0]
    return "".join(map(chr, chars))


def text(cells: Cells) -> str:
    """Return the characters as lines, without blanks at their ends."""
    return "\n".join("".join(map(chr, row)).rstrip() for row in cells.chars)


def _levels(points: Points, x: Axis, y: Axis, columns: int) -> tuple[Floats, Dots]:
    """Return the last height of the average per dot column, gaps filled, and where holes are."""
    column = columns_of(points, x, columns)
    known = ~np.isnan(points.trend) & (column >= 0)
    level = np.full(columns, np.nan)
    level[column[known]] = heights(points.trend[known], y)
    holes = np.zeros(columns, np.bool_)
    holes[column[~known & (column >= 0)]] = True
    holes &= np.isnan(level)
    return spread(level, holes), holes


def _range(picture: Picture, inside: Cells) -> None:
    rows, width = inside.chars.shape
    points, columns = picture.points, 2 * width
    column = columns_of(points, picture.x, columns)
    known = ~np.isnan(points.low) & (column >= 0)
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    np.minimum.at(low, column[known], heights(points.low[known], picture.y))
    np.maximum.at(high, column[known], heights(points.high[known], picture.y))
    _, holes = _levels(points, picture.x, picture.y, columns)
    low = spread(np.where(np.isinf(low), np.nan, low), holes).reshape(width, 2)
    high = spread(np.where(np.isinf(high), np.nan, high), holes).reshape(width, 2)
    bottom = _row(np.fmin(low[:, 0], low[:, 1]), rows)
    top = _row(np.fmax(high[:, 0], high[:, 1]), rows)
    row = np.arange(rows)[:, None]
    inside.paper[(row >= top) & (row <= bottom)] |= np.uint8(Paper.RANGE)


def _row(level: Floats, rows: int) -> Floats:
    """Return the row of cells of each height, on the same grid of dots as the curve."""
    return np.asarray(np.rint((1.0 - level) * (4 * rows - 1)) // 4)


def _row_of(value: float, axis: Axis, rows: int) -> int:
    return round((1.0 - axis.share(value)) * (4 * rows - 1)) // 4


def _shade(picture: Picture, inside: Cells) -> None:
    if picture.shade is not None:
        columns = _columns(picture.shade, picture.x, inside)
        inside.paper[:, columns] |= np.uint8(Paper.SHADE)


def _guide(picture: Picture, inside: Cells) -> None:
    value = picture.guide
    if value is not None and picture.y.low <= value <= picture.y.high:
        row = _row_of(value, picture.y, inside.chars.shape[0])
        inside.chars[row, :] = ord("╌")
        inside.ink[row, :] = Ink.GUIDE


def _curve(picture: Picture, inside: Cells) -> None:
    rows, width = inside.chars.shape
    level, _ = _levels(picture.points, picture.x, picture.y, 2 * width)
    chars = pack(trace(level, 4 * rows))
    drawn = chars > BLANK
    inside.chars[drawn] = chars[drawn]
    inside.ink[drawn] = Ink.CURVE


def _signs(picture: Picture, inside: Cells) -> None:
    width = inside.chars.shape[1]
    column = columns_of(picture.points, picture.x, width)[picture.points.bad]
    inside.chars[-1, column[column >= 0]] = ord(BAD_SIGN)
    inside.ink[-1, column[column >= 0]] = Ink.BAD
    for step in picture.events:
        if picture.x.low <= step <= picture.x.high:
            at = _columns((step, step), picture.x, inside).start
            _write(inside, 0, at, EVENT_SIGN, Ink.EVENT)


def _value_axis(picture: Picture, cells: Cells) -> None:
    rows = cells.chars.shape[0] - 2
    for row in range(rows):
        _write(cells, row, GUTTER - 1, "│", Ink.AXIS)
    taken = rows
    for value, label in value_ticks(picture.y, max(3, min(rows * 2 // 3, 4 + rows // 4))):
        row = _row_of(value, picture.y, rows)
        if row < taken:
            _write(cells, row, 0, f"{label[: GUTTER - 2]:>{GUTTER - 2}} ┤", Ink.AXIS)
            taken = row


def _step_axis(picture: Picture, cells: Cells) -> None:
    rows, columns = cells.chars.shape
    _write(cells, rows - 2, GUTTER - 1, f"└{'─' * (columns - GUTTER)}", Ink.AXIS)
    inside = cells.cut(slice(0, rows), slice(GUTTER, columns))
    for steps, sign, ink in (
        (picture.flat, FLAT_SIGN, Ink.AXIS),
        (picture.shade, SHADE_SIGN, Ink.SHADE),
    ):
        if steps is not None:
            at = _columns(steps, picture.x, inside)
            inside.chars[rows - 2, at] = ord(sign)
            inside.ink[rows - 2, at] = ink
    free = 0
    for value, label in step_ticks(picture.x, max(2, (columns - GUTTER) // 14)):
        middle = GUTTER + round(picture.x.share(value) * (columns - GUTTER - 1))
        start = min(max(middle - len(label) // 2, GUTTER - 1), columns - len(label))
        if start >= free:
            _write(cells, rows - 1, start, label, Ink.AXIS)
            free = start + len(label) + 1
    _last_step(picture, cells, free)


def _last_step(picture: Picture, cells: Cells, free: int) -> None:
    """Label the end of the axis where there is room for it."""
    rows, columns = cells.chars.shape
    last = int(picture.x.high)
    label = fmt_count(last) if last >= 10_000 else str(last)
    if columns - len(label) > free:
        _write(cells, rows - 1, columns - len(label), label, Ink.AXIS)


def _columns(steps: Range, x: Axis, inside: Cells) -> slice:
    """Return the columns of cells that a range of steps covers; at least one."""
    width = inside.chars.shape[1]
    first, last = (min(int(x.share(step) * width), width - 1) for step in steps)
    return slice(first, last + 1)


def _write(cells: Cells, row: int, column: int, label: str, ink: Ink) -> None:
    for offset, char in enumerate(label):
        cells.chars[row, column + offset] = ord(char)
        cells.ink[row, column + offset] = ink
