"""The verdict on the chosen run, below the overview's chart or beside it."""

from __future__ import annotations

from lossmon.numfmt import printable
from lossmon.tui.line import EMPTY, Line, Span, heading, line
from lossmon.tui.snapshot import RunView
from lossmon.tui.widgets.evidence import evidence_lines
from lossmon.tui.widgets.findings import findings_lines, verdict_lines
from lossmon.tui.widgets.notes import note_lines
from lossmon.tui.words import SEVERITY, life, serious, speed


def summary_lines(view: RunView, width: int, height: int) -> list[Line]:
    """Return the two lines that matter most: how it died, else its status; its main finding."""
    notes, finding = note_lines(view, width, 1), _main_finding(view)
    verdict = verdict_lines(view, width, 1 if notes or finding else height)
    return [*notes, *finding, *verdict][:height] if notes else [*verdict, *finding][:height]


def _main_finding(view: RunView) -> list[Line]:
    finding = serious(view) or (view.findings[0] if view.findings else None)
    if finding is None:
        return []
    severity = finding.severity
    sign: Span = (f" {SEVERITY[severity]} {severity} ", severity)
    return [line(sign, (finding.rule, "bold"), f"  {printable(finding.claim)}")]


def panel_lines(view: RunView, width: int, height: int) -> list[Line]:
    """Return all that fits of the verdict: status, findings, evidence and fixes of the first."""
    lines = [heading(view.name, width), line((" ", ""), life(view), (f"  {speed(view)}", ""))]
    lines += [*note_lines(view, width, 3), *verdict_lines(view, width, 4), EMPTY]
    findings = findings_lines(view, "", width, 8)
    lines += [*findings, EMPTY]
    first = serious(view) or (view.findings[0] if view.findings else None)
    return (lines + evidence_lines(view, first, width, height - len(lines)))[:height]
