"""Rules as pages of the docs: one each, and an index that leads to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from lossmon.diagnosis.rule import Rule
from lossmon.numfmt import fmt, plural
from lossmon.report.rules import LISTS, sections

_MADE = "Made by `lossmon explain --markdown docs/rules`.\n"


def rule_pages(rules: Sequence[Rule]) -> dict[str, str]:
    """Return the text of each page by its file name: `index.md`, and `<rule>.md` for each."""
    pages = {f"{rule.id}.md": "\n".join(_page(rule)) for rule in rules}
    return {"index.md": "\n".join(_index(rules)), **pages}


def _index(rules: Sequence[Rule]) -> Iterator[str]:
    yield "# Rules\n"
    yield "Every cause that lossmon can name, in the order in which it reasons: what lies upstream"
    yield "first. Each page says what to change, what the rule sees, where its limits come from,"
    yield f"and what it is told apart from. {_MADE}"
    for stage, of_stage in groupby(rules, key=lambda rule: rule.stage):
        yield f"## {stage.capitalize()}\n"
        yield from (f"- [{rule.id}]({rule.id}.md): {rule.claim}" for rule in of_stage)
        yield ""


def _page(rule: Rule) -> Iterator[str]:
    yield f"# {rule.id}\n"
    yield f"**{rule.claim}**\n"
    yield "## What to try, most likely first\n"
    yield from (f"{number}. {fix}" for number, fix in enumerate(rule.fixes, 1))
    for heading, paragraphs in sections(rule):
        yield f"\n## {heading}\n"
        bullet = "- " if heading in LISTS and len(paragraphs) > 1 else ""
        yield from (bullet + _linked(paragraph, rule) for paragraph in paragraphs)
    yield "\n## Needs\n"
    signals = ", ".join(signal.label for signal in rule.needs) or "Nothing but the log"
    yield f"{signals}; at least {plural(rule.min_steps, 'step')}. Stage: {rule.stage}."
    if rule.thresholds:
        yield "\n## Limits\n"
        yield "| limit | value | source |\n|---|---|---|"
    for name, limit in rule.thresholds.items():
        yield f"| {name} | {fmt(limit.value)} {limit.unit} | {limit.source} |"
    yield f"\n[All rules](index.md). {_MADE}"


def _linked(paragraph: str, rule: Rule) -> str:
    """Return a paragraph whose first word, where it is a rule's name, leads to its page."""
    name, colon, rest = paragraph.partition(":")
    return f"[{name}]({name}.md):{rest}" if colon and name in rule.confusables else paragraph
