"""A row of styled text, before it meets a terminal. Widths are cells: a wide character takes two.

Text from a log passes `printable` before it gets here; markup is never parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

Span = tuple[str, str]
"""Text and the name of its style in `palette`."""


@dataclass(frozen=True, slots=True)
class Line:
    """Spans from the left; what does not fit is cut by the widget."""

    spans: tuple[Span, ...] = ()
    chosen: bool = False
    """Whether the row is the selected one; its sign is part of the text."""

    @property
    def text(self) -> str:
        """The characters alone."""
        return "".join(text for text, _ in self.spans)


EMPTY = Line()


def line(*spans: Span | str, chosen: bool = False) -> Line:
    """Return a line; a bare string has no style."""
    return Line(tuple((s, "") if isinstance(s, str) else s for s in spans if s), chosen)


def cells(text: str) -> int:
    """Return how many cells a text takes."""
    return cell_len(text)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells: cut with an ellipsis, or padded."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(width - 1, 0)) + "…"[: max(width, 0)]
    return " " * (width - length) + text if right else text + " " * (width - length)


def shorten(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, cut in its middle: both ends tell names apart."""
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, max(width - 1, 0) // 2).rstrip()
    tail = text
    while tail and cell_len(tail) > width - 1 - cell_len(head):
        tail = tail[1:]
    return f"{head}…{tail}"[: max(width, 0)]


def ends(left: Sequence[Span], right: Sequence[Span], width: int) -> Line:
    """Return a line with spans at both ends; the right ones go where there is no room for both."""
    used = sum(cell_len(text) for text, _ in left)
    wanted = sum(cell_len(text) for text, _ in right)
    if used + wanted + 1 > width:
        return Line(tuple(left))
    return Line((*left, (" " * (width - used - wanted), ""), *right))


def heading(title: str, width: int, *, note: str = "") -> Line:
    """Return a rule across the width with a title, and a note after it."""
    spans = [("─ ", "rule"), (title, "title"), (" ", "rule")]
    if note:
        spans.append((f"  {note} ", "dim"))
    used = sum(cell_len(text) for text, _ in spans)
    return Line((*spans, ("─" * max(width - used, 0), "rule")))


def last_difference(one: Line, other: Line) -> int:
    """Return the number of cells up to the last that differs; 0 where the lines look alike."""
    if one == other:
        return 0
    if one.chosen != other.chosen:
        return 1 << 30
    a, b = list(_styled(one.spans)), list(_styled(other.spans))
    longest = max(len(a), len(b))
    a += [(" ", "")] * (longest - len(a))
    b += [(" ", "")] * (longest - len(b))
    last = max((at for at in range(longest) if a[at] != b[at]), default=-1)
    before = (cell_len("".join(char for char, _ in row[: last + 1])) for row in (a, b))
    return max(before)


def _styled(spans: Iterable[Span]) -> Iterable[Span]:
    return ((char, style) for text, style in spans for char in text)
