"""The names of styles, and the signs and words that say the same without colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Report, Severity
    from lossmon.eventfile.liveness import Liveness

STYLES: Mapping[str, str] = {
    "": "#c8ccd0",
    "dim": "#7d858c",
    "bold": "bold #f0f2f4",
    "error": "bold #ff6b5e",
    "warning": "#e5b14a",
    "info": "#6cb0e8",
    "good": "#6cc98f",
    "curve": "#5fd3e6",
    "key": "bold #9fd6e0",
}
BACKGROUND = "#11161a"
SELECTED = "#26323c"
"""Background of the selected row, which a ▶ marks as well."""
TINTS = ("", "#20343c", "#43391f", "#4d4a33")
"""Backgrounds by `raster.Paper`: none, lowest to highest, the steps in question, both."""

SIGNS: Mapping[Severity, str] = {"error": "✗", "warning": "!", "info": "i"}
LIVE: Mapping[Liveness, tuple[str, str]] = {
    "live": ("●", "good"),
    "stalled": ("◐", "warning"),
    "dead": ("✕", "error"),
    "finished": ("○", ""),
    "unknown": ("?", "dim"),
}
"""Sign and style of a run's liveness."""
HEALTHY = ("learning", "converged")


def status_words(report: Report | None) -> str:
    """Return the status as words."""
    return "–" if report is None else report.status.replace("-", " ")


def status_style(report: Report | None) -> str:
    """Return the style of the status."""
    if report is None or report.status == "not-enough-evidence":
        return "dim"
    return "good" if report.status in HEALTHY else "error"


def diagnosis(report: Report | None) -> tuple[str, str]:
    """Return the verdict in a word with its sign, and its style; "–" while there is none."""
    if report is None:
        return "–", "dim"
    primary = report.primary
    if primary is not None and (primary.severity != "info" or report.status not in HEALTHY):
        return f"{SIGNS[primary.severity]} {primary.rule}", primary.severity
    if report.status in HEALTHY:
        return f"✓ {status_words(report)}", "good"
    if report.status == "not-enough-evidence":
        return "· too early to say", "dim"
    return f"! {status_words(report)}, cause unknown", "warning"
