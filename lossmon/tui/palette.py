"""Names of styles and what they look like. Every difference in colour has a sign beside it."""

from __future__ import annotations

from rich.style import Style

_RANGE, _SHADE, _BOTH = "#1f3a4a", "#3a3320", "#3f4a40"

STYLES = {
    "": Style(color="#d0d4d8"),
    "bold": Style(color="#ffffff", bold=True),
    "dim": Style(color="#8a9299"),
    "rule": Style(color="#4a5259"),
    "title": Style(color="#9fc8e0", bold=True),
    "key": Style(color="#9fc8e0"),
    "error": Style(color="#ff7b72", bold=True),
    "warning": Style(color="#e3b341", bold=True),
    "info": Style(color="#79c0ff"),
    "good": Style(color="#56d364"),
    "curve": Style(color="#7ee0d8"),
    "range": Style(color="#d0d4d8", bgcolor=_RANGE),
    "shade": Style(color="#e3b341", bgcolor=_SHADE),
}

CHOSEN = Style(bgcolor="#26323c")

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

PAPER = (Style(), Style(bgcolor=_RANGE), Style(bgcolor=_SHADE), Style(bgcolor=_BOTH))
"""By `raster.Paper`."""
