"""A chart as plain text, for a pipe, a mail, or a terminal that knows no more than ASCII.

Without a tint behind the curve, a sign marks the cells between the lowest and the highest value, so
that one spike among a million points is seen here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from lossmon.report.grid import SGR, paint
from lossmon.tui.line import Span
from lossmon.tui.raster import Cells, Ink, Paper
from lossmon.tui.strokes import BLANK, stroke

RAW_SIGN = "·"
_INK: Mapping[int, str] = {
    Ink.NONE: "dim",
    Ink.AXIS: "dim",
    Ink.CURVE: "info",
    Ink.BAD: "error",
    Ink.GUIDE: "dim",
    Ink.EVENT: "warning",
    Ink.SHADE: "warning",
}
_STYLE = {"title": "bold", "rule": "dim", "key": "dim", "curve": "info", "shade": "warning"}
_SIGNS = {
    "│": "|", "┤": "+", "└": "+", "─": "-", "╌": "=", "━": "-", "·": ":", "░": ".", "▒": "#",
    "×": "x", "▼": "v", "▶": ">", "●": "*", "◐": "~", "○": "o", "✕": "X", "✗": "X", "✓": "+",
    "–": "-", "…": "~", "‖": "|", "Δ": "d", "⟨": "<", "⟩": ">", "₋": "-", "₁": "1", "²": "2",
    "√": "sqrt ", "λ": "l", "°": " ", "±": "+-",
}  # fmt: skip


def chart_lines(cells: Cells, *, colour: bool = False) -> list[str]:
    """Return the rows of a chart without blanks at their ends."""
    between = (cells.paper & Paper.RANGE > 0) & (cells.chars == ord(" "))
    chars = cells.chars.copy()
    chars[between] = ord(RAW_SIGN)
    return [
        _row("".join(map(chr, row)).rstrip(), inks, colour=colour)
        for row, inks in zip(chars.tolist(), cells.ink.tolist(), strict=True)
    ]


def spans_text(spans: Iterable[Span], *, colour: bool = False) -> str:
    """Return styled text as one line without blanks at its end, in the sixteen colours or none."""
    parts = list(spans)
    while parts and not parts[-1][0].strip():
        parts.pop()
    if parts:
        parts[-1] = parts[-1][0].rstrip(), parts[-1][1]
    styled = ((text, _STYLE.get(style, style)) for text, style in parts)
    return "".join(paint(text, style * (style in SGR), colour=colour) for text, style in styled)


def to_ascii(text: str) -> str:
    """Return text with a sign of ASCII for each sign that lossmon draws; all else is escaped."""
    return text.translate(_TO_ASCII).encode("ascii", "backslashreplace").decode()


def _row(text: str, inks: list[int], *, colour: bool) -> str:
    if not colour:
        return text
    runs = groupby(zip(text, inks, strict=False), key=lambda cell: cell[1])
    return "".join(paint("".join(c for c, _ in run), _INK[ink], colour=True) for ink, run in runs)


_TO_ASCII = str.maketrans(_SIGNS | {chr(BLANK + dots): stroke(dots) for dots in range(256)})
