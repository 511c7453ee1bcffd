"""Every key and what it does: the one table behind the help and the list of commands."""

from __future__ import annotations

from dataclasses import dataclass

SCREENS = OVERVIEW, RUN, LAYERS, EVENTS = "overview", "run", "layers", "events"
"""In the order of their keys, from 1."""
_OF_RUN = (RUN, LAYERS, EVENTS)
_CHARTS = (OVERVIEW, RUN, LAYERS)


@dataclass(frozen=True, slots=True)
class Command:
    """A key of some screens."""

    label: str
    """How the key, or the pair of keys, is written."""
    words: str
    key: str = ""
    """The key to press for it, of a pair the first; "" for what is several commands."""
    screens: tuple[str, ...] = SCREENS


COMMANDS = (
    Command("j k ↓ ↑", "next, previous row", "j"),
    Command("g G", "first, last row; home, end", "g"),
    Command("pgdn pgup", "a page of rows down, up", "pagedown", (OVERVIEW, LAYERS)),
    Command("n N", "next trouble: run or finding", "n", (OVERVIEW,)),
    Command("n N", "finding: go to its evidence", "n", _OF_RUN),
    Command("↵", "open the run", "enter", (OVERVIEW,)),
    Command("↵", "explain the finding", "enter", (RUN,)),
    Command("↵", "every number of the layer", "enter", (LAYERS,)),
    Command("↵", "explain it, or show its step", "enter", (EVENTS,)),
    Command("esc", "back (never quits)", "escape", _OF_RUN),
    Command("1 2 3 4", "overview run layers events"),
    Command("1", "show the overview", "1", _OF_RUN),
    Command("2", "show the run", "2", (OVERVIEW, LAYERS, EVENTS)),
    Command("3", "show its layers", "3", (OVERVIEW, RUN, EVENTS)),
    Command("4", "show its events", "4", (OVERVIEW, RUN, LAYERS)),
    Command("spc", "mark: draw it with others", "space", (OVERVIEW,)),
    Command("a", "mark all, or none", "a", (OVERVIEW,)),
    Command("p", "pin the run as the baseline", "p", (OVERVIEW,)),
    Command("o", "sort by the next column", "o", (OVERVIEW,)),
    Command("o", "sort: worst, depth, name", "o", (LAYERS,)),
    Command("o", "all, findings, others", "o", (EVENTS,)),
    Command("/", "filter the rows", "slash"),
    Command("← → h l", "cursor; shift: ten columns", "l", (RUN, LAYERS)),
    Command("+ -", "zoom in, out", "plus", (RUN, LAYERS)),
    Command("[ ]", "pan left, right", "left_square_bracket", (RUN, LAYERS)),
    Command("0", "show all steps, no cursor", "0", (RUN, LAYERS)),
    Command("v V", "strips below the loss", "v", (RUN,)),
    Command("v V", "next, previous quantity", "v", (LAYERS,)),
    Command("z", "fold into modules, unfold", "z", (LAYERS,)),
    Command("y", "log or linear values", "y", _CHARTS),
    Command("x", "steps, time, or log steps", "x", _CHARTS),
    Command("s S", "smooth less, more", "s", _CHARTS),
    Command("tab", "walk runs, or findings", "tab", (OVERVIEW,)),
    Command("tab", "findings, or scroll evidence", "tab", (RUN,)),
    Command("b", "hide, show the side panel", "b", (OVERVIEW,)),
    Command("e", "the chart only, or all", "e", (OVERVIEW,)),
    Command("e b", "the chart only, or all", "e", (RUN,)),
    Command("e b", "the table only, or all", "e", (LAYERS,)),
    Command("c", "copy what is chosen (OSC 52)", "c"),
    Command("f", "freeze the screen, go on", "f"),
    Command("M", "braille, half blocks, ASCII", "M"),
    Command("ctrl+p :", "all commands, by their words", "ctrl+p"),
    Command("ctrl+z", "suspend; fg goes on", "ctrl+z"),
    Command("ctrl+l", "draw the screen anew", "ctrl+l"),
    Command("? F1", "this help", "question_mark"),
    Command("q ctrl+c", "quit; the training goes on", "q"),
)


def commands_of(screen: str) -> tuple[Command, ...]:
    """Return the keys of a screen."""
    return tuple(one for one in COMMANDS if screen in one.screens)
