"""Why a finding stands, and what to do: as much as there is room for."""

from __future__ import annotations

from collections import Counter
from textwrap import wrap
from typing import TYPE_CHECKING

from lossmon.numfmt import fmt_steps, printable
from lossmon.report.text import undecided_words
from lossmon.tui.line import Line, heading, line
from lossmon.tui.snapshot import RunView

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding, Report

_SENTENCE = 600
_CULPRITS = 3
_ROOMY = 10


def evidence_lines(
    view: RunView, finding: Finding | None, width: int, height: int, *, above: int = 0
) -> list[Line]:
    """Return a heading, the evidence and the fixes of the chosen finding in `height` lines.

    Where room is short the first fix stays: it is what one came for. `above`: lines that a person
    has scrolled past; then all of them are there.
    """
    if finding is None:
        return _without_findings(view, width, height)
    title = f"evidence  {finding.rule}"
    seen, fixes = _seen(finding, width), _fixes(finding, width)
    if height > _ROOMY:  # beside the chart, where the list has no room for it
        seen = [*_paragraph("", printable(finding.claim, _SENTENCE), width), *seen]
    room = height - 1
    if above:
        lines = [*seen, *fixes]
        start = min(above, max(len(lines) - room, 0))
        note = f"line {start + 1} of {len(lines)}, tab goes back"
        return [heading(title, width, note=note), *lines[start : start + room]]
    if len(seen) + len(fixes) > room:
        first = _fixes(finding, width, most=1)
        fixes = first[: max(room - 1, 1)]
        seen = seen[: max(room - len(fixes), 0)]
    note = f"since step {finding.since_step}, ↵ explains"
    return [heading(title, width, note=note), *seen, *fixes][:height]


def _seen(finding: Finding, width: int) -> list[Line]:
    lines: list[Line] = []
    if finding.consequence_of:
        lines.append(line((" follows from ", "dim"), (finding.consequence_of, "bold")))
    for one in finding.evidence:
        text = f"{printable(one.reads, _SENTENCE)} ({fmt_steps(one.first_step, one.last_step)})"
        lines += _paragraph("", text, width)
    if finding.culprits:
        lines += _paragraph("in ", _culprits(finding), width)
    return lines


def _fixes(finding: Finding, width: int, *, most: int = 9) -> list[Line]:
    fixes = finding.fixes[:most]
    numbered = len(finding.fixes) > 1
    lines: list[Line] = []
    for number, fix in enumerate(fixes, start=1):
        label = f"try {number}. " if numbered else "try "
        lines += _paragraph(label, printable(fix, _SENTENCE), width)
    return lines


def _paragraph(label: str, text: str, width: int) -> list[Line]:
    parts = wrap(text, max(width - 2 - len(label), 16), break_on_hyphens=False)
    rest = " " * (len(label) + 1)
    return [
        line((f" {label}" if number == 0 else rest, "key"), part)
        for number, part in enumerate(parts)
    ]


def _culprits(finding: Finding) -> str:
    shown = ", ".join(printable(name) for name in finding.culprits[:_CULPRITS])
    more = len(finding.culprits) - _CULPRITS
    return f"{shown} and {more} more" if more > 0 else shown


def _without_findings(view: RunView, width: int, height: int) -> list[Line]:
    lines = [heading("rules", width, note="↵ shows all" if view.report else "")]
    if view.report is not None:
        lines += _tally(view.report, width)
    return lines[:height]


def _tally(report: Report, width: int) -> list[Line]:
    clear = len(report.clear)
    looked = f"{clear} rule{'s' * (clear != 1)} looked and found nothing."
    lines = _paragraph("", looked, width)
    for text in undecided_words(report):
        lines += _paragraph("", text, width)
    reasons = Counter(printable(why, _SENTENCE).rstrip(".") for why in report.skipped.values())
    for why, count in reasons.most_common():
        lines += _paragraph("", f"{count} could not be judged: {why}.", width)
    return lines
