from __future__ import annotations

import pytest

from lossmon.cli.codes import FAIL_ON, exit_code
from lossmon.diagnosis.finding import SEVERITIES, Finding, Report, Severity


def report(*severities: Severity) -> Report:
    findings = tuple(Finding("a", severity, 0, (), "", (), ()) for severity in severities)
    return Report("a", "stuck", 1, None, findings)


def test_choices_are_the_severities_and_never() -> None:
    assert (*SEVERITIES, "never") == FAIL_ON


@pytest.mark.parametrize("threshold", FAIL_ON)
def test_no_finding_is_healthy(threshold: str) -> None:
    assert exit_code([report()], threshold) == 0


@pytest.mark.parametrize(
    ("severity", "threshold", "code"),
    [
        ("error", "error", 3),
        ("error", "info", 3),
        ("warning", "error", 0),
        ("warning", "warning", 3),
        ("info", "warning", 0),
        ("info", "info", 3),
        ("error", "never", 0),
    ],
)
def test_finding_counts_from_its_severity_on(severity: Severity, threshold: str, code: int) -> None:
    assert exit_code([report(severity)], threshold) == code


def test_one_bad_run_among_many_is_enough() -> None:
    assert exit_code([report(), report("info"), report("error")], "error") == 3
