"""Signs and words for states. A sign never comes without its word on the same screen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lossmon.numfmt import MISSING, fmt, printable
from lossmon.tui.line import Span
from lossmon.tui.snapshot import RunView

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding, Severity, Status
    from lossmon.eventfile.liveness import Liveness

LIFE: Mapping[Liveness, tuple[str, str, str]] = {
    "live": ("●", "live", "good"),
    "stalled": ("◐", "stalled", "warning"),
    "dead": ("✕", "dead", "error"),
    "finished": ("○", "finished", "dim"),
    "unknown": ("?", "silent", "dim"),
}
"""Sign, word and style of each state of liveness."""
SEVERITY: Mapping[Severity, str] = {"error": "✗", "warning": "!", "info": "i"}
STATUS: Mapping[Status, tuple[str, str]] = {
    "broken": ("✗", "error"),
    "diverging": ("✗", "error"),
    "stuck": ("✗", "error"),
    "learning": ("✓", "good"),
    "converged": ("✓", "good"),
    "not-enough-evidence": ("?", "dim"),
}
"""Sign and style of each status."""

WELL = 4
"""Urgency of a run that needs nobody."""
_SENTENCE = 300


def life_words(view: RunView) -> tuple[str, str, str]:
    """Return sign, word and style for whether the run still trains, or how far it was read."""
    if view.share_read < 1:
        return "…", waiting(view), "dim"
    if view.silence:
        return "?", f"silent {view.silence}", "warning"
    return LIFE[view.life]


def waiting(view: RunView) -> str:
    """Return what a run that has no verdict waits for."""
    return "judging" if view.share_read == 1 else f"reading {int(100 * view.share_read)} %"


def status_word(status: Status) -> str:
    """Return a status as a person says it."""
    return "not enough evidence" if status == "not-enough-evidence" else status


def serious(view: RunView) -> Finding | None:
    """Return the finding to worry about first: the cause, else the first above info."""
    above = [finding for finding in view.findings if finding.severity != "info"]
    cause = view.report.cause if view.report is not None else None
    return next((f for f in above if f.rule == cause), above[0] if above else None)


def urgency(view: RunView) -> int:
    """Return 0 for the runs to look at first, up to `WELL`."""
    finding = serious(view)
    if finding is not None:
        return 0 if finding.severity == "error" else 2
    if view.life == "dead":
        return 1
    bad = view.report is not None and STATUS[view.report.status][1] == "error"
    return 2 if bad or view.life == "stalled" or view.problem else WELL


def diagnosis(view: RunView) -> tuple[Span, ...]:
    """Return what is wrong with the run, in a few words."""
    finding = serious(view)
    if finding is not None:
        return (
            (f"{SEVERITY[finding.severity]} {finding.severity} ", finding.severity),
            (finding.rule, "bold"),
        )
    if view.problem:
        return (("? cannot be judged", "warning"),)
    if view.report is None:
        return ((f"… {waiting(view)}", "dim"),)
    sign, style = STATUS[view.report.status]
    if view.life == "dead":
        return (("✕ dead", "error"), (f" while {status_word(view.report.status)}", ""))
    return ((f"{sign} {status_word(view.report.status)}", style),)


def life(view: RunView) -> Span:
    """Return whether the run still trains, as sign and word, and since when it does not."""
    sign, word, style = life_words(view)
    is_over = view.life in ("dead", "unknown", "finished") and view.share_read == 1
    return f"{sign} {word}" + (f" {view.age} ago" if view.age and is_over else ""), style


def death(view: RunView) -> str:
    """Return where an exception ended the run, and which; "" where none did."""
    mark = next((mark for mark in reversed(view.run.marks) if mark.kind == "exception"), None)
    if mark is None or view.life != "dead":
        return ""
    return f"died at step {mark.step}: {printable(str(mark.detail.get('error', '')), _SENTENCE)}"


def speed(view: RunView) -> str:
    """Return the speed in steps a second, or seconds a step; "" where unknown."""
    if not math.isfinite(view.speed) or view.speed <= 0:
        return ""
    return f"{fmt(view.speed, 2)} it/s" if view.speed >= 1 else f"{fmt(1 / view.speed, 2)} s/it"


def last_loss(view: RunView) -> str:
    """Return the last loss as it was recorded: a NaN is a NaN."""
    return MISSING if view.points is None else fmt(view.points.last_value)
