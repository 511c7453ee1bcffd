"""Text as lines of styled spans. There is no markup: nothing that a log says can style or link."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from lossmon.numfmt import printable

Span = tuple[str, str]
"""Text without control characters, and the name of its style in `palette.STYLES`."""
Line = tuple[Span, ...]

BLANK: Line = ()
SENTENCE = 600
"""Characters shown of a sentence that quotes the log."""
NAME = 120
"""Characters shown of a name."""


def line(*spans: Span | str) -> Line:
    """Return a line; a bare string is a span in the plain style."""
    return tuple((span, "") if isinstance(span, str) else span for span in spans)


def name(text: str) -> str:
    """Return a name from a log, inert and of bearable length."""
    return printable(text, NAME)


def sentence(text: str) -> str:
    """Return a sentence that may quote a log, inert and of bearable length."""
    return printable(text, SENTENCE)


def cells_of(spans: Line) -> int:
    """Return how many cells a line takes."""
    return sum(cell_len(text) for text, _ in spans)


def column(text: str, width: int, *, right: bool = False) -> str:
    """Return text in exactly `width` cells; where it is longer, its end is cut and marked …"""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def fit(spans: Line, width: int, style: str = "") -> Line:
    """Return the line in exactly `width` cells, filled up in `style`."""
    out: list[Span] = []
    left = width
    for text, look in spans:
        length = cell_len(text)
        if length > left:
            out.append((column(text, left), look))
            left = 0
            break
        out.append((text, look))
        left -= length
    if left:
        out.append((" " * left, style))
    return tuple(out)


def ends(left: Line, right: Line, width: int) -> Line:
    """Return a line with one part at either end; where both do not fit, the right one goes."""
    room = width - cells_of(right)
    if cells_of(left) >= room:
        return fit(left, width)
    return (*fit(left, room), *right)


def rule(title: str, width: int, right: str = "") -> Line:
    """Return a dividing line with a title, and one more at its end where there is room."""
    text = f"─ {title} " if title else ""
    end = f" {right} ─" if right and cell_len(text) + cell_len(right) + 6 <= width else ""
    fill = "─" * max(0, width - cell_len(text) - cell_len(end))
    return ((column(f"{text}{fill}{end}", width), "dim"),)


def wrap(text: str, width: int, *, first: str = "", hang: int = 0) -> list[str]:
    """Return text after `first`, broken between words; later pieces are indented by `hang`."""
    pieces: list[str] = []
    current, empty = first, True
    for word in text.split():
        joined = current + word if empty else f"{current} {word}"
        if not empty and cell_len(joined) > width:
            pieces.append(current)
            joined = " " * hang + word
        while cell_len(joined) > width:
            pieces.append(set_cell_size(joined, width))
            joined = " " * hang + joined[len(pieces[-1].rstrip()) or 1 :]
        current, empty = joined, False
    return [*pieces, current] if not empty or first.strip() else pieces


def plain(lines: tuple[Line, ...] | list[Line]) -> str:
    """Return the lines without their styles."""
    return "\n".join("".join(text for text, _ in spans).rstrip() for spans in lines)
