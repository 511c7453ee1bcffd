"""A rectangle of cells: characters, what they belong to, and what lies behind them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

BAD_SIGN = "×"
"""Of a value that is not finite."""


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


def blank(rows: int, columns: int) -> Cells:
    """Return empty cells."""
    shape = rows, columns
    return Cells(
        np.full(shape, ord(" "), np.uint32), np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    )


def write(cells: Cells, row: int, column: int, label: str, ink: int) -> None:
    """Write a label from a cell to the right."""
    for offset, char in enumerate(label):
        cells.chars[row, column + offset] = ord(char)
        cells.ink[row, column + offset] = ink


def notice(words: str, rows: int, columns: int) -> Cells:
    """Return cells with a few lines of text in their middle, wrapped at the width."""
    cells = blank(rows, columns)
    lines = [part for text in words.split("\n") for part in wrap(text, max(columns - 4, 8)) or [""]]
    for number, text in enumerate(lines[:rows]):
        row = max((rows - len(lines)) // 2, 0) + number
        write(cells, row, max((columns - len(text)) // 2, 0), text[:columns], Ink.AXIS)
    return cells


def text(cells: Cells) -> str:
    """Return the characters as lines, without blanks at their ends."""
    return "\n".join("".join(map(chr, row)).rstrip() for row in cells.chars)
