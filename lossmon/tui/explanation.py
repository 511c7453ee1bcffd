"""A finding explained in full, and a verdict in full, as lines of text."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator
from textwrap import wrap

from lossmon.diagnosis.finding import Finding, Report
from lossmon.diagnosis.rules import load_rules
from lossmon.numfmt import fmt, fmt_steps, printable
from lossmon.report.text import render_text
from lossmon.tui.line import EMPTY, Line, line
from lossmon.tui.words import SEVERITY

_SENTENCE = 2000
_WIDEST = 100
"""Columns beyond which a line is hard to follow."""
_SHOWN_ABOVE = ("Fix",)
_ITEM = re.compile(r"[a-z]+(-[a-z]+)+((,| and) [a-z-]+)*:")
"""A line of a rule's doc that begins with the slugs of other rules."""


def finding_page(finding: Finding, width: int) -> list[Line]:
    """Return claim, evidence, limits, culprits and fixes, then the rule's own documentation."""
    width = min(width, _WIDEST)
    return [*_finding(finding, width), *_rule(finding.rule, width)]


def finding_text(finding: Finding) -> str:
    """Return a finding as plain text, to be pasted elsewhere; its rule's documentation left out."""
    return "\n".join(row.text.rstrip() for row in _finding(finding, _WIDEST)).strip() + "\n"


def report_page(report: Report, width: int) -> list[Line]:
    """Return the whole verdict, as `lossmon check` prints it."""
    return [line(f" {text}") for text in render_text([report], width=width - 2).splitlines()]


def _finding(finding: Finding, width: int) -> Iterator[Line]:
    severity = finding.severity
    yield line(
        (f" {SEVERITY[severity]} {severity} ", severity), (finding.rule, "bold"),
        (f"  since step {finding.since_step}", ""),
    )  # fmt: skip
    yield from _text(finding.claim, width)
    if finding.consequence_of:
        yield from _text(f"It follows from {finding.consequence_of}: cure that first.", width)
    yield from _section("Evidence")
    for one in finding.evidence:
        yield from _text(f"{one.reads} ({fmt_steps(one.first_step, one.last_step)})", width, "- ")
        if not math.isnan(one.limit):
            source = f", from: {one.source}" if one.source else ""
            limits = f"observed {fmt(one.observed)}, limit {fmt(one.limit)}{source}"
            yield from _text(limits, width, "  ", style="dim")
    if finding.culprits:
        yield from _section("Where")
        yield from _text(", ".join(finding.culprits), width)
    yield from _section("What to try, most likely first")
    for number, fix in enumerate(finding.fixes, start=1):
        yield from _text(fix, width, f"{number}. ")


def _section(title: str) -> Iterator[Line]:
    yield EMPTY
    yield line((f" {title}", "title"))


def _text(text: str, width: int, label: str = "", *, style: str = "") -> Iterator[Line]:
    parts = wrap(printable(text, _SENTENCE), max(width - 6 - len(label), 16))
    for number, part in enumerate(parts):
        head = label if number == 0 else " " * len(label)
        yield line((f"   {head}{part}", style))


def _rule(slug: str, width: int) -> Iterator[Line]:
    rule = next((rule for rule in load_rules() if rule.id == slug), None)
    if rule is None:
        return
    for heading, paragraphs in _sections(inspect.cleandoc(rule.doc)):
        if heading in _SHOWN_ABOVE:
            continue
        yield from _section(heading)
        for paragraph in paragraphs:
            yield from _text(paragraph, width)


def _sections(doc: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the headings of a rule's doc, each with its paragraphs in one piece."""
    heading, paragraphs = "", [""]
    for text in [*doc.splitlines()[1:], "end"]:
        if text and not text.startswith(" "):
            if heading:
                yield heading, [one for one in paragraphs if one]
            heading, paragraphs = text, [""]
        elif not text.strip() or _ITEM.match(text.strip()):
            paragraphs.append(text.strip())
        else:
            paragraphs[-1] = f"{paragraphs[-1]} {text.strip()}".strip()
