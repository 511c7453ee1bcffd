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

INK = (
    STYLES["dim"],
    STYLES["dim"],
    STYLES["curve"],
    STYLES["error"],
    STYLES["dim"],
    STYLES["warning"],
    STYLES["warning"],
)
"""By `raster.Ink`."""

PAPER = (Style(), Style(bgcolor=_RANGE), Style(bgcolor=_SHADE), Style(bgcolor=_RANGE))
"""By `raster.Paper`; where both are, the range of the values shows."""
