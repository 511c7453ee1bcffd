"""From one frame to the next in as few bytes as a terminal takes: changed cells, changed colours.

Textual sends rows from their left edge up to a change, whole frames after a change of layout, and
all colours anew for each piece of text. What the terminal shows is known, and is not said again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

Sgr = tuple[str | None, str | None, str]
"""Codes of attributes, foreground and background; None where it cannot be seen."""
Cell = tuple[str, Sgr]
"""A character with what combines with it; "" behind a wide one."""

_GAP = 5
"""Cells that are rather sent again than jumped over."""
_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("reverse", "7"),
    ("strike", "9"),
)
_SEEN_ON_BLANKS = frozenset("479")


def changes(
    before: Sequence[Strip] | None, after: Sequence[Strip], system: ColorSystem | None
) -> str:
    """Return what makes a terminal that shows `before` show `after`; "" where nothing differs.

    `before` has as many rows as `after`; None where what is shown is not known.
    """
    sent: list[str] = []
    pen: Sgr | None = None
    for y, strip in enumerate(after):
        old = None if before is None else before[y]
        if old == strip:
            continue
        row = list(_cells(strip, system))
        for first, end in _spans([] if old is None else list(_cells(old, system)), row):
            sent.append(f"\x1b[{y + 1};{first + 1}H")
            for char, sgr in row[first:end]:
                if char:
                    codes, pen = _stroke(pen, sgr)
                    sent.append(codes + char)
    return "".join((*sent, "\x1b[m")) if sent else ""


def _spans(before: Sequence[Cell], after: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Yield first and end of the stretches that differ; small gaps are part of them."""
    known = len(before) if len(before) == len(after) else 0
    first = end = -1
    for x, cell in enumerate(after):
        if x < known and before[x] == cell:
            continue
        if first >= 0 and x - end > _GAP:
            yield first, end
            first = x
        first, end = (x if first < 0 else first), x + 1
    if first >= 0:
        yield first, end


def _cells(strip: Strip, system: ColorSystem | None) -> Iterator[Cell]:
    waiting: Cell | None = None
    for segment in strip:
        text_sgr, blank_sgr = _sgr(segment.style or Style.null(), system)
        text = segment.text
        if text.isascii() and text.isprintable() and text:  # most of a screen is
            if waiting is not None:
                yield from _wide(waiting)
            cells = [(char, blank_sgr if char == " " else text_sgr) for char in text]
            yield from cells[:-1]
            waiting = cells[-1]
            continue
        for char in text:
            width = get_character_cell_size(char)
            if width == 0:
                if waiting is not None:
                    waiting = waiting[0] + char, waiting[1]
                continue
            if waiting is not None:
                yield from _wide(waiting)
            waiting = char, blank_sgr if char == " " else text_sgr
    if waiting is not None:
        yield from _wide(waiting)


def _wide(cell: Cell) -> Iterator[Cell]:
    yield cell
    if get_character_cell_size(cell[0][0]) == 2:
        yield "", cell[1]


@lru_cache(maxsize=4096)
def _sgr(style: Style, system: ColorSystem | None) -> tuple[Sgr, Sgr]:
    """Return the codes for text and for blanks."""
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    fore = back = ""
    if system is not None and style.color is not None:
        fore = ";".join(style.color.downgrade(system).get_ansi_codes(foreground=True))
    if system is not None and style.bgcolor is not None:
        back = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False))
    text = attributes, fore or "39", back or "49"
    if _is_seen(attributes):
        return text, text
    return text, (None, None, back or "49")


def _is_seen(attributes: str) -> bool:
    """Return whether the attributes can be seen on a blank."""
    return not _SEEN_ON_BLANKS.isdisjoint(attributes.split(";"))


@lru_cache(maxsize=4096)
def _stroke(pen: Sgr | None, sgr: Sgr) -> tuple[str, Sgr]:
    """Return the codes that change the pen, and the pen as it is then."""
    if pen is None:
        pen = ("", "39", "49")
    attributes, fore, back = sgr
    if attributes is None:
        attributes = "" if _is_seen(pen[0] or "") else pen[0]
    if fore is None:
        fore = pen[1]
    codes = []
    if attributes != pen[0]:
        codes = ["0", attributes or ""]
        pen = ("", "39", "49")
    codes += [fore or ""] * (fore != pen[1]) + [back] * (back != pen[2])
    said = ";".join(code for code in codes if code)
    return f"\x1b[{said}m" if said else "", (attributes, fore, back)
