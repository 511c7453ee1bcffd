"""The answers as a person reads them, and for programs. Nothing of a log gets through as it is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from lossmon.doctor.answer import Answer, Section
from lossmon.numfmt import plural, printable
from lossmon.report.grid import paint

_LABEL = 9
_LIMIT = 600
_STYLE = {"ok": "good", "warning": "warning", "problem": "error"}


def render(sections: Sequence[Section], *, colour: bool, width: int) -> str:
    """Return the answers and how many there are of each kind; ends with a line feed."""
    lines = [line for one in sections for line in _section(one, width, colour=colour)]
    return "\n".join([*lines, _sum(sections)]) + "\n"


def document(sections: Sequence[Section], schema: int) -> dict[str, Any]:
    """Return the answers for programs."""
    answers = [
        {
            "section": section.title,
            "about": one.about,
            "level": one.level,
            "reads": one.reads,
            "fix": one.fix,
        }
        for section in sections
        for one in section.answers
    ]
    return {"schema": schema, "answers": answers}


def _section(section: Section, width: int, *, colour: bool) -> Iterator[str]:
    yield paint(section.title, "bold", colour=colour)
    for answer in section.answers:
        yield from _lines(answer, width, colour=colour)
    yield ""


def _lines(answer: Answer, width: int, *, colour: bool) -> Iterator[str]:
    room = max(width, 40) - _LABEL - 1
    head = f"{printable(answer.about)}: {printable(answer.reads, _LIMIT)}"
    label = paint(answer.level, _STYLE[answer.level], colour=colour)
    gap = " " * (_LABEL - len(answer.level))
    seen = textwrap.wrap(head, room, break_on_hyphens=False)
    done = textwrap.wrap(f"→ {printable(answer.fix, _LIMIT)}", room, break_on_hyphens=False)
    yield f" {label}{gap}{seen[0]}"
    for line in [*seen[1:], *(done if answer.fix else ())]:
        yield f" {' ' * _LABEL}{line}"


def _sum(sections: Sequence[Section]) -> str:
    levels = [answer.level for section in sections for answer in section.answers]
    problems, warnings = levels.count("problem"), levels.count("warning")
    if not problems and not warnings:
        return "Nothing is wrong."
    return f"{plural(problems, 'problem')}, {plural(warnings, 'warning')}."
