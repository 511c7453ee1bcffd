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

from lossmon.numfmt import fmt_count, fmt_duration
from lossmon.records import Floats
from lossmon.tui.braille import Dots, columns_of, heights, pack, spread, trace
from lossmon.tui.points import Points
from lossmon.tui.scale import GUTTER as GUTTER
from lossmon.tui.scale import Axis, step_ticks, value_ticks
from lossmon.tui.strokes import BLANK

_LEAST = (4, GUTTER + 8)
"""Rows and columns below which nothing is drawn."""
_LEAST_BARE = 2
FLAT_SIGN, SHADE_SIGN, BAD_SIGN, EVENT_SIGN = "░", "▒", "×", "▼"
CURSOR_SIGN = "┊"

Range = tuple[float, float]
"""First and last place on the horizontal axis, inclusive."""


class Ink(IntEnum):
    """What a character belongs to."""

    NONE = 0
    AXIS = 1
    CURVE = 2
    BAD = 3
    GUIDE = 4
    EVENT = 5
    SHADE = 6
    CURSOR = 7
    OTHER = 8
    """The first of `OTHERS` inks of other curves; those of heat come after them."""


OTHERS = 8
"""Other curves that have an ink of their own."""
HEAT = Ink.OTHER + OTHERS
"""The first ink of heat."""


class Paper(IntEnum):
    """What lies behind a character; where the range and the steps in question do, their sum."""

    NONE = 0
    RANGE = 1
    SHADE = 2
    BOTH = 3
    CHOSEN = 4
    CURSOR = 5


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

    def put(self, other: Cells, row: int) -> None:
        """Write other cells over these, from a row downwards."""
        part = self.cut(slice(row, row + other.chars.shape[0]), slice(0, other.chars.shape[1]))
        part.chars[:], part.ink[:], part.paper[:] = other.chars, other.ink, other.paper


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Another curve: a value per place, NaN for a gap."""

    places: Floats
    values: Floats
    ink: int
    sign: str = ""
    """A letter that names it, drawn on it: colours alone do not tell curves apart."""
    dashed: bool = False
    name: str = ""
    """What it is the curve of, for the legend."""


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
    events: tuple[float, ...] = ()
    guide: float | None = None
    """A value to compare with."""
    places: Floats | None = None
    """Where the points lie on the horizontal axis; None: at their steps."""
    cursor: float | None = None
    """Place of the cursor on the horizontal axis."""
    others: tuple[Trace, ...] = ()
    """Other curves, drawn behind the points' own."""
    bare: bool = False
    """Whether the horizontal axis is left out: that of the chart above holds."""
    note: str = ""
    """A few words in the upper right corner."""

    @property
    def across(self) -> Floats:
        """Where the points lie on the horizontal axis."""
        return self.points.steps.astype(np.float64) if self.places is None else self.places


def draw(picture: Picture, rows: int, columns: int) -> Cells:
    """Return the chart in so many rows and columns, axes included."""
    cells = blank(rows, columns)
    if rows < (_LEAST_BARE if picture.bare else _LEAST[0]) or columns < _LEAST[1]:
        return cells
    inside = cells.cut(slice(0, rows if picture.bare else rows - 2), slice(GUTTER, columns))
    _range(picture, inside)
    _shade(picture, inside)
    _guide(picture, inside)
    for other in picture.others:
        _other(other, picture, inside)
    _curve(picture, inside)
    _signs(picture, inside)
    _cursor(picture, inside)
    _value_axis(picture, cells.cut(slice(0, inside.chars.shape[0]), slice(0, columns)))
    if not picture.bare:
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
    places = points.steps.astype(np.float64)
    chars = pack(trace(_levels(places, points.trend, x, y, 2 * columns)[0], 4))[0]
    return "".join(map(chr, chars))


def text(cells: Cells) -> str:
    """Return the characters as lines, without blanks at their ends."""
    return "\n".join("".join(map(chr, row)).rstrip() for row in cells.chars)


def _levels(places: Floats, values: Floats, x: Axis, y: Axis, columns: int) -> tuple[Floats, Dots]:
    """Return the last height per dot column, gaps filled, and where holes are."""
    column = columns_of(places, x, columns)
    known = ~np.isnan(values) & (column >= 0)
    level = np.full(columns, np.nan)
    level[column[known]] = heights(values[known], y)
    holes = np.zeros(columns, np.bool_)
    holes[column[~known & (column >= 0)]] = True
    holes &= np.isnan(level)
    return spread(level, holes), holes


def _range(picture: Picture, inside: Cells) -> None:
    rows, width = inside.chars.shape
    points, columns = picture.points, 2 * width
    column = columns_of(picture.across, picture.x, columns)
    known = ~np.isnan(points.low) & (column >= 0)
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    np.minimum.at(low, column[known], heights(points.low[known], picture.y))
    np.maximum.at(high, column[known], heights(points.high[known], picture.y))
    _, holes = _levels(picture.across, points.trend, picture.x, picture.y, columns)
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
    steps = picture.shade
    if steps is not None and steps[1] >= picture.x.low and steps[0] <= picture.x.high:
        columns = _columns(steps, picture.x, inside)
        inside.paper[:, columns] |= np.uint8(Paper.SHADE)


def _guide(picture: Picture, inside: Cells) -> None:
    value = picture.guide
    if value is not None and picture.y.low <= value <= picture.y.high:
        row = _row_of(value, picture.y, inside.chars.shape[0])
        inside.chars[row, :] = ord("╌")
        inside.ink[row, :] = Ink.GUIDE


def _curve(picture: Picture, inside: Cells) -> None:
    rows, width = inside.chars.shape
    trend = picture.points.trend
    level, _ = _levels(picture.across, trend, picture.x, picture.y, 2 * width)
    _draw_dots(trace(level, 4 * rows), inside, Ink.CURVE)


def _other(other: Trace, picture: Picture, inside: Cells) -> None:
    rows, width = inside.chars.shape
    level, _ = _levels(other.places, other.values, picture.x, picture.y, 2 * width)
    dots = trace(level, 4 * rows)
    if other.dashed:
        dots[:, np.arange(2 * width) % 4 >= 2] = False
    _draw_dots(dots, inside, other.ink)
    known = np.flatnonzero(~np.isnan(level))
    for share in (0.3, 0.65, 1.0) if other.sign and len(known) else ():
        column = known[round(share * (len(known) - 1))]
        row = int(np.rint((1.0 - level[column]) * (4 * rows - 1))) // 4
        _write(inside, row, column // 2, other.sign, other.ink)


def _draw_dots(dots: Dots, inside: Cells, ink: int) -> None:
    chars = pack(dots)
    drawn = chars > BLANK
    inside.chars[drawn] = chars[drawn]
    inside.ink[drawn] = ink


def _cursor(picture: Picture, inside: Cells) -> None:
    if picture.cursor is None:
        return
    column = _columns((picture.cursor, picture.cursor), picture.x, inside).start
    free = inside.chars[:, column] == ord(" ")
    inside.chars[free, column] = ord(CURSOR_SIGN)
    inside.ink[free, column] = Ink.CURSOR


def _signs(picture: Picture, inside: Cells) -> None:
    width = inside.chars.shape[1]
    column = columns_of(picture.across, picture.x, width)[picture.points.bad]
    inside.chars[-1, column[column >= 0]] = ord(BAD_SIGN)
    inside.ink[-1, column[column >= 0]] = Ink.BAD
    if len(picture.note) < width - 4:
        _write(inside, 0, width - len(picture.note) - 1, picture.note, Ink.AXIS)
    for step in picture.events:
        if picture.x.low <= step <= picture.x.high:
            at = _columns((step, step), picture.x, inside).start
            _write(inside, 0, at, EVENT_SIGN, Ink.EVENT)


def _value_axis(picture: Picture, cells: Cells) -> None:
    rows = cells.chars.shape[0]
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
        if steps is not None and steps[1] >= picture.x.low and steps[0] <= picture.x.high:
            at = _columns(steps, picture.x, inside)
            inside.chars[rows - 2, at] = ord(sign)
            inside.ink[rows - 2, at] = ink
    cells.cut(slice(rows - 1, rows), slice(GUTTER - 1, columns)).put(
        step_axis_cells(picture.x, columns - GUTTER + 1), 0
    )


def step_axis_cells(axis: Axis, columns: int) -> Cells:
    """Return the labels of a horizontal axis in one row, its end too where there is room."""
    cells = blank(1, columns)
    free = 0
    for value, label in step_ticks(axis, max(2, columns // 14)):
        middle = 1 + round(axis.share(value) * (columns - 2))
        start = min(max(middle - len(label) // 2, 0), columns - len(label))
        if start >= free:
            _write(cells, 0, start, label, Ink.AXIS)
            free = start + len(label) + 1
    last = int(axis.high)
    label = fmt_count(last) if last >= 10_000 else str(last)
    label = fmt_duration(last) if axis.clock else label
    if columns - len(label) > free:
        _write(cells, 0, columns - len(label), label, Ink.AXIS)
    return cells


def _columns(places: Range, x: Axis, inside: Cells) -> slice:
    """Return the columns of cells that a range of the horizontal axis covers; at least one."""
    width = inside.chars.shape[1]
    first, last = (min(int(x.share(step) * width), width - 1) for step in places)
    return slice(first, last + 1)


def _write(cells: Cells, row: int, column: int, label: str, ink: int) -> None:
    for offset, char in enumerate(label):
        cells.chars[row, column + offset] = ord(char)
        cells.ink[row, column + offset] = ink
