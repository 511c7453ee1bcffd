from __future__ import annotations

from typing import Any

import pytest

from lossmon import RunStopped
from lossmon.diagnosis.finding import SEVERITIES
from lossmon.diagnosis.rules import load_rules
from lossmon.errors import UsageError
from lossmon.livefinding import LiveFinding, live_finding
from lossmon.stopon import SEVERITIES as WORDS
from lossmon.stopon import ends, known_rules, problem


def test_rules_and_severities_are_those_of_the_diagnosis() -> None:
    assert list(known_rules()) == sorted(rule.id for rule in load_rules())
    assert WORDS == SEVERITIES


@pytest.mark.parametrize("words", [(), ("error",), ["nan-in-loss", "warning"], {"info"}])
def test_rules_and_severities_can_be_asked_for(words: Any) -> None:
    assert problem(words) == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("error", "must be a list of rules and severities, as in (\"error\",), not 'error'"),
        (None, "must be a list"),
        ([1], "must be a list"),
        (["nan-in-los"], "'nan-in-los' is neither; the nearest: nan-in-loss"),
        (["\x1b[2J"], "'\\x1b[2J' is neither; `lossmon explain` lists the rules"),
    ],
)
def test_other_words_are_told_in_one_line(words: Any, says: str) -> None:
    assert says in problem(words)
    assert "\n" not in problem(words)


@pytest.mark.parametrize(
    ("words", "severity", "expected"),
    [
        (("nan-in-loss",), "error", True),
        (("nan-in-loss",), "warning", True),
        (("nan-in-loss",), "info", False),
        (("dead-relu",), "error", False),
        (("error",), "error", True),
        (("error",), "warning", False),
        (("warning",), "error", True),
        (("info",), "info", True),
        ((), "error", False),
    ],
)
def test_a_severity_stands_for_what_is_worse_and_a_rule_not_for_its_remarks(
    words: tuple[str, ...], severity: str, expected: bool
) -> None:
    assert ends(words, "nan-in-loss", severity) is expected


FOUND = LiveFinding("runs/a", "nan-in-loss", "error", 7, 9, "NaN\n\u202e.", ("w",), ("Fix.",))


def test_a_finding_comes_back_from_its_line() -> None:
    assert live_finding(FOUND.line()) == FOUND
    assert FOUND.line().count("\n") == 1
    assert FOUND.line().isascii()


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"rule": 1}', "Traceback"])
def test_a_line_that_tells_no_finding_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        live_finding(line)


def test_what_ends_a_training_says_why_and_since_when() -> None:
    error = RunStopped(FOUND)
    assert (error.slug, error.step, error.exit_code) == ("nan-in-loss", 7, 6)
    assert str(error).startswith("nan-in-loss (error) since step 7: NaN")
    assert not isinstance(error, UsageError)
