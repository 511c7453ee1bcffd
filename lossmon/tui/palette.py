"""What the names of styles look like. No meaning hangs on a colour: a word or a sign says it too.

Colours are few and tints pale, for every change of style costs bytes on the line.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

BACKGROUND = "#11161a"
STYLES: Mapping[str, Style] = {
    "": Style(color="#c8ccd0"),
    "dim": Style(color="#8a939b"),
    "rule": Style(color="#525c64"),
    "bold": Style(color="#f0f2f4", bold=True),
    "title": Style(color="#f0f2f4", bold=True),
    "key": Style(color="#9fd6e0", bold=True),
    "error": Style(color="#ff7a6e", bold=True),
    "warning": Style(color="#e5b14a"),
    "info": Style(color="#6cb0e8"),
    "good": Style(color="#6cc98f"),
}
CHOSEN = Style(bgcolor="#26323c")
"""Background of the selected row, which a ▶ marks as well."""

INK = (
    STYLES[""],
    STYLES["dim"],
    Style(color="#5fd3e6"),
    STYLES["error"],
    STYLES["dim"],
    STYLES["warning"],
    STYLES["warning"],
)
"""By `raster.Ink`."""
PAPER = (
    Style(),
    Style(bgcolor="#20343c"),
    Style(bgcolor="#3d3520"),
    Style(bgcolor="#4a4833"),
)
"""By `raster.Paper`: none, lowest to highest value, the steps in question, both."""
