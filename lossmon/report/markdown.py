"""The report as Markdown, to paste into an issue or a chat; what the log says stays literal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lossmon.diagnosis.finding import Evidence, Finding, Report
from lossmon.numfmt import fmt_steps, plural, printable
from lossmon.report.text import (
    LOST_RANKS,
    dropped_words,
    lost_words,
    ranks_words,
    undecided_words,
)

SENTENCE = 600
"""Characters shown of a sentence that quotes the log."""
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@-]|:(?=//))")


def render_markdown(reports: Sequence[Report]) -> str:
    """Return a section per report, a blank line between them; ends with a line feed."""
    return "\n".join("\n".join(_section(report)) + "\n" for report in reports)


def _section(report: Report) -> Iterator[str]:
    status = report.status.replace("-", " ")
    yield f"### {_literal(report.run)}: {status}, {plural(report.steps, 'step')}"
    yield ""
    if report.status_reads:
        yield _literal(report.status_reads)
        yield ""
    if not report.findings:
        yield "No findings."
    for finding in report.findings:
        yield from _item(finding, cause=finding.rule == report.cause)
    yield ""
    yield from (f"{_literal(text)}\n" for text in undecided_words(report))
    if report.dropped:
        yield f"{dropped_words(report.dropped)}\n"
    for lost in report.lost_ranks[:LOST_RANKS]:
        yield f"{_literal(lost_words(lost))}\n"
    if report.world_size > 1:
        yield f"{ranks_words(report.world_size)}\n"
    yield f"{plural(len(report.clear), 'rule')} clear, {len(report.skipped)} skipped."


def _item(finding: Finding, *, cause: bool) -> Iterator[str]:
    claim = f"**{_literal(finding.claim)}**" if cause else _literal(finding.claim)
    after = f", after `{finding.consequence_of}`" if finding.consequence_of else ""
    since = f"{finding.severity} since step {finding.since_step}"
    yield f"- {claim} `{finding.rule}`, {since}{after}"
    if finding.culprits:
        yield f"  - Where: {', '.join(_literal(name) for name in finding.culprits)}"
    for evidence in finding.evidence:
        yield f"  - Seen: {_seen(evidence)}"
    for fix in finding.fixes:
        yield f"  - Fix: {_literal(fix)}"


def _seen(evidence: Evidence) -> str:
    limit = f", limit {evidence.limit_reads}" if evidence.limit_reads else ""
    steps = fmt_steps(evidence.first_step, evidence.last_step)
    return f"{_literal(evidence.reads)} ({steps}{limit})"


def _literal(text: str) -> str:
    """Return text in which Markdown sees no markup, HTML, link or mention."""
    return _MARKUP.sub(r"\\\1", printable(text, SENTENCE))
