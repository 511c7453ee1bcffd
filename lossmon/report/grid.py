"""Rows of a label and a paragraph, laid out for a terminal. Colour never moves a line break."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LABEL = 7
"""Columns that the label takes, its gap included."""
GLUE = "\u00a0"
"""A space at which no line breaks."""

SGR = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "good": "1;32",
    "bold": "1",
    "dim": "2",
}
"""Style to the numbers of its escape sequence; the sixteen colours, so that themes hold."""


@dataclass(frozen=True, slots=True)
class Row:
    """One paragraph; its further lines stand under its first."""

    text: str
    label: str | None = None
    """None: no label column at all. "": an empty one."""
    indent: int = 0
    hang: int = 0
    """Columns by which further lines stand in."""
    style: str = ""
    """Of the text."""
    label_style: str = "bold"


BLANK = Row("")


def lay_out(rows: Iterable[Row], *, width: int, colour: bool) -> str:
    """Return the rows as lines of at most `width` columns, without blanks at their ends."""
    return "\n".join(line for row in rows for line in _lines(row, width, colour=colour))


def paint(text: str, style: str, *, colour: bool) -> str:
    """Return `text` in a style, or as it is."""
    return f"\x1b[{SGR[style]}m{text}\x1b[0m" if colour and style and text else text


def _lines(row: Row, width: int, *, colour: bool) -> Iterator[str]:
    column = row.indent + (0 if row.label is None else LABEL)
    paragraph = textwrap.wrap(
        row.text, width - column, subsequent_indent=" " * row.hang, break_on_hyphens=False
    )
    label = row.label or ""
    for number, text in enumerate(paragraph or [""]):
        head = label if number == 0 else ""
        gap = " " * (column - row.indent - len(head))
        painted = paint(head, row.label_style, colour=colour)
        line = f"{' ' * row.indent}{painted}{gap}{paint(text, row.style, colour=colour)}"
        yield line.replace(GLUE, " ").rstrip()
