from __future__ import annotations

from collections.abc import Callable

import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report, Severity
from lossmon.diagnosis.rule import Case
from lossmon.diagnosis.rules.batchnorm_misuse import RULE
from lossmon.diagnosis.synthnorms import batches_of_one_kind

CASES = {case.name: case for case in RULE.fires}


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("batches of one kind each, told from each other within, and no more than that", "warning"),
        ("the same, of inputs that do not tell of it, alike in eval mode: for information", "info"),
        ("the same, and by running statistics one batch comes out otherwise", "warning"),
    ],
)
def test_what_inputs_do_not_tell_of_is_a_note(
    report_of: Callable[[Case], Report], name: str, severity: Severity
) -> None:
    (finding,) = (f for f in report_of(CASES[name]).findings if f.rule == RULE.id)
    assert finding.severity == severity


def test_whether_inputs_tell_of_it_is_asked_of_a_probe() -> None:
    report = diagnose(batches_of_one_kind(loss=synth.flat(300, at=1.4)))
    assert "mon.probe(batch)" in report.undecided[RULE.id]
