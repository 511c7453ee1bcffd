"""The verdict on the chosen run, below the overview's chart or beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossmon.numfmt import fmt_count, printable
from lossmon.tui.line import EMPTY, Line, Span, heading, line
from lossmon.tui.snapshot import RunView
from lossmon.tui.widgets.evidence import evidence_lines
from lossmon.tui.widgets.findings import findings_lines, verdict_lines
from lossmon.tui.widgets.notes import note_lines
from lossmon.tui.words import SEVERITY, life, serious, speed

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding

_ROOMY = 12
_LAYERS, _EVENTS = 8, 6
"""Rows of layers and events, where there is room for them."""


def summary_lines(view: RunView, rule: str, width: int, height: int) -> list[Line]:
    """Return the two lines that matter most: how it died, else its status; a finding.

    With `rule` "" the main one.
    """
    notes, finding = note_lines(view, width, 1), _finding(view, rule)
    verdict = verdict_lines(view, width, 1 if notes or finding else height)
    return [*notes, *finding, *verdict][:height] if notes else [*verdict, *finding][:height]


def chosen_finding(view: RunView, rule: str) -> Finding | None:
    """Return the finding of a rule, else the main one; None where there is none."""
    named = next((one for one in view.findings if one.rule == rule), None)
    return named or serious(view) or (view.findings[0] if view.findings else None)


def _finding(view: RunView, rule: str) -> list[Line]:
    finding = chosen_finding(view, rule)
    if finding is None:
        return []
    severity = finding.severity
    sign: Span = (f" {SEVERITY[severity]} {severity} ", severity)
    return [line(sign, (finding.rule, "bold"), f"  {printable(finding.claim)}")]


def panel_lines(view: RunView, rule: str, width: int, height: int) -> list[Line]:
    """Return all that fits of the verdict: status, findings, evidence and fixes of one."""
    lines = [heading(view.name, width), line((" ", ""), life(view), (f"  {speed(view)}", ""))]
    lines += [*note_lines(view, width, 3), *verdict_lines(view, width, 4), EMPTY]
    finding = chosen_finding(view, rule)
    findings = findings_lines(view.findings, "" if finding is None else finding.rule, width, 8)
    lines += [*findings, EMPTY]
    lines += evidence_lines(view, finding, width, height - len(lines))
    if view.report is not None and height - len(lines) > _ROOMY:
        lines += _layers(view, width, height - len(lines) - _EVENTS - 2)
        lines += _events(view, width)
    return lines[:height]


def _layers(view: RunView, width: int, height: int) -> list[Line]:
    """Return a heading and the layers to look at first; nothing where none was sampled."""
    from lossmon.tui.widgets.layer_table import panel_rows

    rows = panel_rows(view, width, min(height - 2, _LAYERS))
    return [EMPTY, heading("layers", width, note="3 shows all"), *rows] if rows else []


def _events(view: RunView, width: int) -> list[Line]:
    """Return a heading and what happened last."""
    from lossmon.tui.timeline import events_of

    events = events_of(view)[:_EVENTS]
    rows = [
        line(f"{fmt_count(one.step):>6} ", (f"{one.sign} {one.kind}", one.style), f"  {one.text}")
        for one in events
    ]
    return [EMPTY, heading("events", width, note="4 shows all"), *rows] if rows else []
