"""The report as a person reads it in a terminal: what, why, since when, and what to do first.

Everything shown comes from the Report, the words as well: this file only lays out. Colour never
carries a meaning that a word does not carry too, and no control character gets through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lossmon.diagnosis.finding import Evidence, Finding, LostRank, Report, Status
from lossmon.numfmt import fmt_steps, plural, printable
from lossmon.report.grid import BLANK, GLUE, Row, lay_out, paint

NARROWEST, WIDEST = 40, 100
CULPRITS = 6
"""Names shown before "and n more"."""
LOST_RANKS = 4
"""Processes that are named one by one."""
SENTENCE = 600
"""Characters shown of a sentence that quotes the log."""

HEALTHY: tuple[Status, ...] = ("learning", "converged")
STATUS_STYLE: Mapping[Status, str] = {
    "broken": "error",
    "diverging": "error",
    "stuck": "error",
    "learning": "good",
    "converged": "good",
    "not-enough-evidence": "warning",
}


def render_text(reports: Sequence[Report], *, colour: bool = False, width: int = 80) -> str:
    """Return one block per report, a blank line between them; ends with a line feed.

    Lines are at most `width` columns; less than 40 counts as 40, and more than 100 as 100, beyond
    which a line is hard to follow.
    """
    width = min(max(width, NARROWEST), WIDEST)
    return "\n".join(_block(report, width, colour=colour) + "\n" for report in reports)


def render_verdict(report: Report, *, colour: bool = False, width: int = 80) -> str:
    """Return why the run has its status, and the findings, without run and status themselves."""
    width = min(max(width, NARROWEST), WIDEST)
    return lay_out(_rows(report), width=width, colour=colour) + "\n"


def _block(report: Report, width: int, *, colour: bool) -> str:
    verdict = render_verdict(report, colour=colour, width=width)
    return f"{_headline(report, width, colour=colour)}\n{verdict.rstrip()}"


def _headline(report: Report, width: int, *, colour: bool) -> str:
    """Return run, status and length on one line, or on several where the name is long."""
    name, status = printable(report.run), report.status.replace("-", " ")
    style = STATUS_STYLE.get(report.status, "bold")
    steps = plural(report.steps, "step")
    if len(f"{name}: {status}, {steps}") > width:
        rows = Row(f"{name}:", style="bold"), Row(f"{status}, {steps}", indent=2, style=style)
        return lay_out(rows, width=width, colour=colour)
    name = paint(name, "bold", colour=colour)
    return f"{name}: {paint(status, style, colour=colour)}, {steps}"


def _rows(report: Report) -> Iterator[Row]:
    if report.status_reads:
        yield Row(printable(report.status_reads, SENTENCE), indent=2)
    if not report.findings:
        yet = " yet" if report.status == "not-enough-evidence" else ""
        yield Row(f"No findings{yet}.", indent=2)
    for finding in _beneath(None, report):
        yield BLANK
        yield from _tree(finding, report, indent=2)
    yield BLANK
    yield from _footer(report)


def _beneath(slug: str | None, report: Report) -> Iterator[Finding]:
    """Yield what a finding brings about; for None, what no other finding explains."""
    present = {finding.rule for finding in report.findings}
    for finding in report.findings:
        explained = finding.rule != report.cause and finding.consequence_of in present
        if (finding.consequence_of if explained else None) == slug:
            yield finding


def _tree(finding: Finding, report: Report, *, indent: int) -> Iterator[Row]:
    leads = finding.rule == report.cause
    style = "dim" if finding.severity == "info" else "bold"
    label = _label(finding, report)
    yield Row(finding.claim, label, indent, style=style, label_style=finding.severity)
    since = f"{finding.severity} since step {finding.since_step}, {finding.rule}"
    yield Row(since, "", indent, style="dim")
    if finding.culprits:
        yield Row(_culprits(finding), "where", indent)
    yield from _seen(finding.evidence if leads else finding.evidence[:1], indent)
    yield from _fixes(finding, indent, report)
    for consequence in _beneath(finding.rule, report):
        yield BLANK
        yield from _tree(consequence, report, indent=indent + 2)


def _label(finding: Finding, report: Report) -> str:
    if finding.rule == report.cause:
        return "note" if report.status in HEALTHY else "cause"
    return "then" if finding.consequence_of else "also"


def _culprits(finding: Finding) -> str:
    shown = ", ".join(printable(name) for name in finding.culprits[:CULPRITS])
    rest = len(finding.culprits) - CULPRITS
    return f"{shown} and {rest} more" if rest > 0 else shown


def _seen(evidence: Sequence[Evidence], indent: int) -> Iterator[Row]:
    for number, one in enumerate(evidence):
        limit = f", limit {one.limit_reads}" if one.limit_reads else ""
        where = f"({fmt_steps(one.first_step, one.last_step)}{limit})".replace(" ", GLUE)
        text = f"{printable(one.reads, SENTENCE)} {where}"
        yield Row(text, "" if number else "seen", indent, hang=2)


def _fixes(finding: Finding, indent: int, report: Report) -> Iterator[Row]:
    """Yield all fixes of the cause, one of others, none of what goes away with its cause."""
    if finding.rule == report.cause and len(finding.fixes) > 1:
        for number, fix in enumerate(finding.fixes):
            text = f"{number + 1}. {printable(fix, SENTENCE)}"
            yield Row(text, "" if number else "fix", indent, hang=3)
    elif finding.fixes and (finding.consequence_of is None or finding.rule == report.cause):
        yield Row(printable(finding.fixes[0], SENTENCE), "fix", indent)


def _footer(report: Report) -> Iterator[Row]:
    for entry in report.history:
        if entry.event == "resolved" and all(f.rule != entry.rule for f in report.findings):
            yield Row(f"Resolved at step {entry.step}: {entry.rule}.", indent=2, style="dim")
    for text in undecided_words(report):
        yield Row(text, indent=2, style="dim")
    if report.dropped:
        yield Row(dropped_words(report.dropped), indent=2, style="warning")
    for lost in report.lost_ranks[:LOST_RANKS]:
        yield Row(lost_words(lost), indent=2, style="warning")
    if report.world_size > 1:
        yield Row(ranks_words(report.world_size), indent=2, style="dim")
    yield Row(_tally(report), indent=2, style="dim")


def lost_words(lost: LostRank) -> str:
    """Return the sentence on a process that ended before the others."""
    if lost.error:
        return f"Rank {lost.rank} failed at step {lost.step}: {printable(lost.error, SENTENCE)}"
    return f"Rank {lost.rank} has fallen silent after step {lost.step}."


def undecided_words(report: Report) -> Iterator[str]:
    """Yield what would decide about rules, in one sentence for all of the same need."""
    needs = dict.fromkeys(report.undecided.values())
    for need in needs:
        slugs = [slug for slug, other in report.undecided.items() if other == need]
        yield f"Undecided, {' or '.join(slugs)}: {printable(need, SENTENCE)}"


def ranks_words(world_size: int) -> str:
    """Return the sentence on what is of one process, and what of all."""
    return f"Losses are those of rank 0 of {world_size}; gradients, weights and updates of all."


def dropped_words(count: int) -> str:
    """Return the sentence on records that are missing in the log, one or more."""
    many = "1 record was" if count == 1 else f"{count} records were"
    return f"{many} dropped while writing: the log has gaps."


def _tally(report: Report) -> str:
    counts = [f"{plural(len(report.clear), 'rule')} clear"]
    if report.overruled:
        counts.append(f"{len(report.overruled)} overruled")
    if report.skipped:
        reasons = Counter(printable(why, SENTENCE).rstrip(".") for why in report.skipped.values())
        spelled = ", ".join(
            why if len(reasons) == 1 else f"{why} ({n})" for why, n in reasons.most_common()
        )
        counts.append(f"{len(report.skipped)} skipped: {spelled}")
    return ", ".join(counts) + "."
