"""The verdict on the chosen run, below the overview's chart or beside it."""

from __future__ import annotations

from lossmon.numfmt import printable
from lossmon.tui.line import EMPTY, Line, heading, line
from lossmon.tui.snapshot import RunView
from lossmon.tui.widgets.evidence import evidence_lines
from lossmon.tui.widgets.findings import findings_lines, verdict_lines
from lossmon.tui.widgets.notes import note_count, note_lines
from lossmon.tui.words import SEVERITY, life, serious, speed


def summary_lines(view: RunView, width: int, height: int) -> list[Line]:
    """Return what went wrong around the run, its status and its main finding, a line each."""
    verdict = [*note_lines(view, width, 1), *verdict_lines(view, width, 1)]
    finding = serious(view) or (view.findings[0] if view.findings else None)
    if finding is None:
        return verdict
    severity = finding.severity
    return [
        *verdict,
        line(
            (f" {SEVERITY[severity]} {severity} ", severity),
            (finding.rule, "bold"),
            (f"  {printable(finding.claim)}", ""),
        ),
    ][:height]


def summary_height(view: RunView) -> int:
    """Return how many lines the summary has."""
    return 1 + min(note_count(view), 1) + min(len(view.findings), 1)


def panel_lines(view: RunView, width: int, height: int) -> list[Line]:
    """Return all that fits of the verdict: status, findings, evidence and fixes of the first."""
    lines = [heading(view.name, width), line((" ", ""), life(view), (f"  {speed(view)}", ""))]
    lines += [*note_lines(view, width, 3), *verdict_lines(view, width, 4), EMPTY]
    findings = findings_lines(view, "", width, 8)
    lines += [*findings, EMPTY]
    first = serious(view) or (view.findings[0] if view.findings else None)
    return (lines + evidence_lines(view, first, width, height - len(lines)))[:height]
