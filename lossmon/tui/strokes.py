"""The sign of ASCII that looks most like a cell of braille dots. Needs no numpy."""

from __future__ import annotations

from functools import lru_cache

BLANK = 0x2800
"""The cell of braille without a dot."""


@lru_cache(maxsize=256)
def stroke(dots: int) -> str:
    """Return the sign for the dots of a cell, as the bits of its code point; a blank for none."""
    left = [row for row, bit in enumerate((0x01, 0x02, 0x04, 0x40)) if dots & bit]
    right = [row for row, bit in enumerate((0x08, 0x10, 0x20, 0x80)) if dots & bit]
    rows = left + right
    if not rows:
        return " "
    if left and right:
        rise = sum(left) / len(left) - sum(right) / len(right)
        if abs(rise) >= 1.5:
            return "/" if rise > 0 else "\\"
    if max(rows) - min(rows) >= 2:
        return "|"
    middle = sum(rows) / len(rows)
    return "'" if middle < 0.75 else "-" if middle <= 2.25 else "."
