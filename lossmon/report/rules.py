"""Rules as a person or a program reads them: the same text in `lossmon explain` and the docs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from lossmon.diagnosis.rule import Rule
from lossmon.numfmt import fmt, plural
from lossmon.report.grid import BLANK, Row, lay_out, paint
from lossmon.report.json import number
from lossmon.report.text import NARROWEST, WIDEST

LISTS = ("Not to be confused with", "Sources")
"""Headings under which every entry begins on a line of its own."""


def render_rule(rule: Rule, *, colour: bool = False, width: int = 80) -> str:
    """Return all there is to know about a rule; ends with a line feed."""
    width = min(max(width, NARROWEST), WIDEST)
    heading = f"{paint(rule.id, 'bold', colour=colour)}: {rule.claim}"
    return f"{heading}\n\n{lay_out(_rows(rule), width=width, colour=colour)}\n"


def render_rule_list(rules: Sequence[Rule], *, colour: bool = False) -> str:
    """Return one line per rule: its name and what it claims."""
    width = max((len(rule.id) for rule in rules), default=0)
    return "".join(
        f"{paint(rule.id, 'bold', colour=colour)}{' ' * (width - len(rule.id))}  {rule.claim}\n"
        for rule in rules
    )


def rule_dict(rule: Rule) -> dict[str, Any]:
    """Return the rule's element of `lossmon explain --json`."""
    return {
        "rule": rule.id,
        "claim": rule.claim,
        "stage": rule.stage,
        "needs": [signal.name for signal in rule.needs],
        "min_steps": rule.min_steps,
        "explains": list(rule.explains),
        "thresholds": {
            name: {"value": number(limit.value), "unit": limit.unit, "source": limit.source}
            for name, limit in rule.thresholds.items()
        },
        "fixes": list(rule.fixes),
        "confusables": dict(rule.confusables),
        "doc": inspect.cleandoc(rule.doc),
    }


def _rows(rule: Rule) -> Iterator[Row]:
    for heading, paragraphs in sections(rule):
        yield Row(heading, indent=2)
        for paragraph in paragraphs:
            yield Row(paragraph, indent=4, hang=2 if len(paragraphs) > 1 else 0)
        yield BLANK
    yield from _needs(rule)
    yield from _limits(rule)
    yield from _fixes(rule)
    yield from _confusables(rule)


def _body(rule: Rule) -> list[str]:
    """Return the doc without its first line, which is the claim."""
    return inspect.cleandoc(rule.doc).partition("\n")[2].strip("\n").split("\n")


def sections(rule: Rule) -> Iterator[tuple[str, list[str]]]:
    """Yield the doc's headings with their paragraphs, each of which is one line here."""
    for section in "\n".join(_body(rule)).split("\n\n"):
        heading, *lines = section.strip().split("\n")
        paragraphs: list[str] = []
        for line in map(str.strip, lines):
            if paragraphs and not (heading in LISTS and paragraphs[-1].endswith(".")):
                paragraphs[-1] += f" {line}"
            else:
                paragraphs.append(line)
        yield heading, paragraphs


def _needs(rule: Rule) -> Iterator[Row]:
    signals = ", ".join(signal.label for signal in rule.needs) or "nothing but the log"
    yield Row(f"{signals}; {plural(rule.min_steps, 'step')}", "needs", 2)


def _limits(rule: Rule) -> Iterator[Row]:
    for row, (name, limit) in enumerate(rule.thresholds.items()):
        text = f"{name}: {fmt(limit.value)} {limit.unit}".rstrip()
        yield Row(f"{text} ({limit.source})", "" if row else "limits", 2, hang=2)


def _fixes(rule: Rule) -> Iterator[Row]:
    for row, fix in enumerate(rule.fixes):
        yield Row(f"{row + 1}. {fix}", "" if row else "fixes", 2, hang=3)


def _confusables(rule: Rule) -> Iterator[Row]:
    for row, (slug, difference) in enumerate(rule.confusables.items()):
        yield Row(f"{slug}: {difference}", "" if row else "unlike", 2, hang=2)
