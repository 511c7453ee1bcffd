from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from lossmon.tui.cellwise import changes

WIDTH, ROWS = 24, 3
STYLES = (
    Style(color="#d0d0d0", bgcolor="#121212"),
    Style(color="#ff8787", bgcolor="#121212", bold=True),
    Style(color="#ffd75f", bgcolor="#303030"),
    Style(color="#d0d0d0", underline=True),
    Style(reverse=True, bold=True),
    Style(),
)
COLOURS = ColorSystem.EIGHT_BIT


class Terminal:
    """Obeys cursor moves and colours; holds a character and its colours in each cell."""

    def __init__(self) -> None:
        self.cells = [[(" ", "")] * WIDTH for _ in range(ROWS)]

    def feed(self, text: str) -> None:
        """Take what is sent."""
        x = y = 0
        pen = [""] * 3
        for move, codes, char in re.findall(r"\x1b\[(\d+;\d+)H|\x1b\[([\d;]*)m|([^\x1b])", text):
            if move:
                y, x = (int(part) - 1 for part in move.split(";"))
            elif char:
                width = get_character_cell_size(char)
                if width == 0:
                    self.cells[y][x - 1] = self.cells[y][x - 1][0] + char, self.cells[y][x - 1][1]
                    continue
                self.cells[y][x] = char, look(char, pen)
                self.cells[y][x + 1 : x + width] = [("", look(char, pen))] * (width - 1)
                x += width
            else:
                paint(pen, codes)


def paint(pen: list[str], codes: str) -> None:
    """Change attributes, foreground and background as a terminal does."""
    parts = (codes or "0").split(";")
    while parts:
        code = parts.pop(0)
        if code == "0":
            pen[:] = [""] * 3
        elif code in ("38", "48"):
            pen[1 if code == "38" else 2] = f"{parts.pop(0)}-{parts.pop(0)}"
        elif code in ("39", "49"):
            pen[1 if code == "39" else 2] = ""
        else:
            pen[0] = "".join(sorted(pen[0] + code))


def look(char: str, pen: list[str]) -> str:
    """Return what a person sees of the pen: of a blank neither its colour nor that it is bold."""
    if char == " " and not set(pen[0]) & set("479"):
        return f"//{pen[2]}"
    return "/".join(pen)


def expected(frame: list[Strip]) -> list[list[tuple[str, str]]]:
    """Return the cells of a frame that is sent as Rich sends it."""
    terminal = Terminal()
    for y, strip in enumerate(frame):
        at = 1
        for segment in strip:
            style = segment.style or Style.null()
            codes = style.render("#", color_system=COLOURS).partition("#")[0]
            terminal.feed(f"\x1b[{y + 1};{at}H\x1b[m{codes}{segment.text}")
            at += segment.cell_length
    return terminal.cells


def strip_of(pieces: list[tuple[str, Style]]) -> Strip:
    segments = [Segment(text, style) for text, style in pieces]
    return Strip(segments).adjust_cell_length(WIDTH, STYLES[0]).simplify()


PIECE = st.tuples(st.text("ab ⣿│日e", min_size=1, max_size=9), st.sampled_from(STYLES))
FRAME = st.lists(st.lists(PIECE, max_size=5).map(strip_of), min_size=ROWS, max_size=ROWS)


@settings(max_examples=50)
@given(st.lists(FRAME, min_size=1, max_size=5))
def test_what_is_sent_makes_the_terminal_show_each_frame(frames: list[list[Strip]]) -> None:
    terminal, before = Terminal(), None
    for frame in frames:
        terminal.feed(changes(before, frame, COLOURS))
        assert terminal.cells == expected(frame)
        before = frame


@settings(max_examples=20)
@given(FRAME)
def test_nothing_is_sent_for_what_is_shown_already(frame: list[Strip]) -> None:
    assert changes(frame, [Strip(list(strip)) for strip in frame], COLOURS) == ""


def test_a_change_in_the_middle_of_a_row_sends_that_cell() -> None:
    before, after = ([strip_of([(f"loss {digit} of a run", STYLES[0])])] for digit in "12")
    assert changes(before, after, COLOURS) == "\x1b[1;6H\x1b[38;5;251;48;5;233m2\x1b[m"


def test_cells_close_together_are_one_stretch_and_colours_are_said_once() -> None:
    row = [("a", STYLES[0]), (" b ", STYLES[0]), ("c", STYLES[2]), ("d", STYLES[2])]
    sent = changes(None, [strip_of(row)], COLOURS)
    assert sent.count("\x1b[38;5;251;48;5;233m") == 1
    assert sent.count("H") == 1
    assert sent.count("m") == 4  # text, the second colours, the rest of the row's blanks, the end


def test_a_character_that_combines_stays_with_its_cell() -> None:
    before, after = ([strip_of([(text, STYLES[0])])] for text in ("cafe", "cafe\u0301"))
    assert "e\u0301" in changes(before, after, COLOURS)


def test_without_colours_none_are_sent() -> None:
    sent = changes(None, [strip_of([("a", STYLES[2]), ("b", STYLES[1])])], None)
    assert "38;" not in sent
    assert "\x1b[0;1mb" in sent
