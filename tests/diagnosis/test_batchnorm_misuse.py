from __future__ import annotations

from collections.abc import Callable

import pytest

from lossmon.diagnosis.finding import Report, Severity
from lossmon.diagnosis.rule import Case
from lossmon.diagnosis.rules.batchnorm_misuse import RULE

CASES = {case.name: case for case in RULE.fires}


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("batches of one kind each, told from each other within, and no more than that", "warning"),
        ("the same, of inputs that do not tell of it: for information", "info"),
    ],
)
def test_what_inputs_do_not_tell_of_is_a_note(
    report_of: Callable[[Case], Report], name: str, severity: Severity
) -> None:
    (finding,) = (f for f in report_of(CASES[name]).findings if f.rule == RULE.id)
    assert finding.severity == severity
