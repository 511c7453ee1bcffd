"""Names of styles and what they look like. Every difference in colour has a sign beside it.

All colours are among the 256 of xterm: they look alike everywhere, and take half the bytes of
24-bit ones where the terminal may be sent their numbers.
"""

from __future__ import annotations

from rich.style import Style

_RANGE, _SHADE = "#005f5f", "#303030"

STYLES = {
    "": Style(color="#d0d0d0"),
    "bold": Style(color="#ffffff", bold=True),
    "dim": Style(color="#8a8a8a"),
    "rule": Style(color="#4e4e4e"),
    "title": Style(color="#87d7ff", bold=True),
    "key": Style(color="#87d7ff"),
    "error": Style(color="#ff8787", bold=True),
    "warning": Style(color="#ffd75f", bold=True),
    "info": Style(color="#87afff"),
    "good": Style(color="#87d787"),
    "curve": Style(color="#5fffd7"),
    "range": Style(color="#d0d0d0", bgcolor=_RANGE),
    "shade": Style(color="#ffd75f", bgcolor=_SHADE),
}

CHOSEN = Style(bgcolor="#303030")

_OTHERS = (
    "#ffaf00", "#5fafff", "#ff87af", "#ffff87", "#af87ff", "#87d700", "#ff875f", "#d7d7d7",
)  # fmt: skip
"""Of other curves; told apart by people who see no red, or no green, in this order."""
HEAT_COLOURS = (
    "#5f5f87", "#5f5faf", "#5f87af", "#5fafaf", "#5faf87",
    "#5faf5f", "#87af5f", "#afaf5f", "#d7d75f", "#ffff5f",
)  # fmt: skip
"""From the lowest to the highest: blue to yellow, ever brighter."""

INK = (
    STYLES["dim"],
    STYLES["dim"],
    STYLES["curve"],
    STYLES["error"],
    STYLES["dim"],
    STYLES["warning"],
    STYLES["warning"],
    STYLES["bold"],
    *(Style(color=colour) for colour in _OTHERS),
    *(Style(color=colour) for colour in HEAT_COLOURS),
)
"""By `raster.Ink`; other curves, then heat, come after it."""

STYLES |= {f"other{number}": style for number, style in enumerate(INK[8:16])}
STYLES |= {f"heat{number}": style for number, style in enumerate(INK[16:])}

PAPER = (
    Style(),
    Style(bgcolor=_RANGE),
    Style(bgcolor=_SHADE),
    Style(bgcolor=_RANGE),
    CHOSEN,
    Style(bgcolor="#4e4e4e"),
)
"""By `raster.Paper`; where both are, the range of the values shows."""
