"""The last row: what can be typed."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.tui.line import Line, Span, cells, line

Keys = Sequence[tuple[str, str]]

OVERVIEW: Keys = (
    ("↵", "open"),
    ("n", "next in trouble"),
    ("spc", "mark"),
    ("/", "filter"),
    ("o", "sort"),
    ("p", "pin"),
    ("a", "all/none"),
    ("3", "layers"),
    ("y", "log"),
    ("x", "axis"),
    ("s/S", "smooth"),
    ("tab", "findings"),
    ("e", "expand"),
    ("c", "copy"),
    ("ctrl+p", "commands"),
    ("f", "freeze"),
    ("?", "help"),
    ("q", "quit"),
)
RUN: Keys = (
    ("n/N", "finding"),
    ("↵", "explain"),
    ("←→", "cursor"),
    ("+/-", "zoom"),
    ("3", "layers"),
    ("v", "strips"),
    ("[ ]", "pan"),
    ("0", "fit"),
    ("y", "log"),
    ("x", "axis"),
    ("s/S", "smooth"),
    ("tab", "evidence"),
    ("e", "expand"),
    ("c", "copy"),
    ("f", "freeze"),
    ("esc", "back"),
    ("?", "help"),
    ("q", "quit"),
)
LAYERS: Keys = (
    ("v", "metric"),
    ("o", "sort"),
    ("z", "fold"),
    ("↵", "numbers"),
    ("←→", "time"),
    ("n/N", "finding"),
    ("/", "filter"),
    ("+/-", "zoom"),
    ("e", "expand"),
    ("x", "axis"),
    ("c", "copy"),
    ("f", "freeze"),
    ("esc", "back"),
    ("?", "help"),
    ("q", "quit"),
)
EVENTS: Keys = (
    ("↵", "explain, or show in the chart"),
    ("n/N", "finding"),
    ("o", "kind"),
    ("/", "filter"),
    ("g/G", "newest/oldest"),
    ("c", "copy"),
    ("f", "freeze"),
    ("esc", "back"),
    ("?", "help"),
    ("q", "quit"),
)
TEXT: Keys = (("j/k", "scroll"), ("g/G", "top/end"), ("esc", "back"), ("?", "help"), ("q", "quit"))
WAITING: Keys = (("?", "help"), ("q", "quit"))


def key_line(keys: Keys, width: int) -> Line:
    """Return the keys that fit; those at the end of the list stay, for they lead out."""
    kept = list(keys)
    while len(kept) > 2 and sum(cells(f"{key} {word}  ") for key, word in kept) > width:
        del kept[-3 if len(kept) > 3 else 0]
    spans: list[Span] = [(" ", "")]
    for key, word in kept:
        spans += [(key, "key"), (f" {word}  ", "dim")]
    return line(*spans)
