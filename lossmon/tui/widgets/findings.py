"""The findings of a run, the cause first, what it brings about below it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from lossmon.numfmt import printable
from lossmon.tui.line import Line, Span, cells, fit, heading, line
from lossmon.tui.snapshot import RunView
from lossmon.tui.words import SEVERITY, STATUS, status_word, waiting

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding

_SLUG = 24
_LEAST_CLAIM = 16
_SENTENCE = 400


def verdict_lines(view: RunView, width: int, height: int) -> list[Line]:
    """Return status and reason in at most `height` lines."""
    if view.problem:
        return [line((f" ? the verdict failed: {printable(view.problem)}", "warning"))]
    if view.report is None:
        return [line((f" … {waiting(view)}", "dim"))]
    sign, style = STATUS[view.report.status]
    word = f" {sign} {status_word(view.report.status)}"
    reason = printable(view.report.status_reads, _SENTENCE)
    parts = wrap(reason, max(width - cells(word) - 3, 20), max_lines=height, placeholder=" …")
    lines = [line((word, style), (f"  {parts[0]}" if parts else "", ""))]
    return lines + [line((f"{' ' * (cells(word) + 2)}{part}", "")) for part in parts[1:]]


def findings_lines(
    findings: Sequence[Finding], chosen: str, width: int, height: int, *, words: str = ""
) -> list[Line]:
    """Return a heading and the findings around the chosen one, in at most `height` lines.

    `words`: the filter that they have passed.
    """
    at = index_of(findings, chosen)
    note = f"{at + 1} of {len(findings)}, n/N next/previous" if len(findings) > 1 else ""
    title = f"findings {len(findings)}" if findings else "no findings"
    title += f"  with {printable(words, 24)}" if words else ""
    rows = [heading(title, width, note=note)]
    start = first_shown(len(findings), at, height)
    present = {finding.rule for finding in findings}
    for finding in findings[start : start + height - 1]:
        below = finding.consequence_of in present
        rows.append(_row(finding, width, is_chosen=finding.rule == chosen, below=below))
    return rows


def first_shown(count: int, chosen: int, height: int) -> int:
    """Return the first of so many findings that stands in a list of `height` rows."""
    return min(max(chosen - (height - 1) // 2, 0), max(count - height + 1, 0))


def index_of(findings: Sequence[Finding], rule: str) -> int:
    """Return where the finding of a rule stands; 0 where there is none."""
    return next((at for at, finding in enumerate(findings) if finding.rule == rule), 0)


def _row(finding: Finding, width: int, *, is_chosen: bool, below: bool) -> Line:
    severity = finding.severity
    slug = f"└ {finding.rule}" if below else finding.rule
    spans: list[Span] = [("▶" if is_chosen else " ", "key")]
    spans.append((f"{SEVERITY[severity]} {severity:<7} ", severity))
    room = width - 11 - _SLUG - 1
    if room >= _LEAST_CLAIM:
        spans.append((f"{fit(slug, _SLUG)} ", "bold" if is_chosen else ""))
        spans.append((fit(printable(finding.claim), room), ""))
    else:
        spans.append((slug, "bold" if is_chosen else ""))
    return line(*spans, chosen=is_chosen)
