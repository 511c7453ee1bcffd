"""What is seen and what it is held against must be comparable at a glance."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from lossmon.diagnosis.finding import Evidence, Report
from lossmon.diagnosis.rule import Case
from lossmon.diagnosis.rules import load_rules

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
UNITS = ("%", "standard errors")

each_firing = pytest.mark.parametrize(
    "case",
    [pytest.param(c, id=f"{r.id}: {c.name}") for r in load_rules() for c in r.fires],
)


def says(text: str, value: float) -> bool:
    numbers = [float(number) for number in NUMBER.findall(text)]
    return any(math.isclose(number, value, rel_tol=0.06) for number in numbers)


@each_firing
def test_the_limit_is_given_in_the_unit_of_what_was_seen(
    case: Case, report_of: Callable[[Case], Report]
) -> None:
    for finding in report_of(case).findings:
        for one in finding.evidence:
            for unit in UNITS:
                assert (unit in one.reads) == (unit in one.limit_reads), one
            if math.isfinite(one.observed) and one.observed and one.limit_reads:
                assert one.bound or says(one.reads, one.observed), one


def test_a_limit_without_words_of_its_own_is_the_number() -> None:
    assert Evidence("loss", 0, 9, 2.0, 1.5, "the loss is 2").limit_reads == "1.5"
    assert Evidence("loss", 0, 9, 2.0, math.nan, "the loss is 2").limit_reads == ""
    assert Evidence("share", 0, 9, 0.2, 0.5, "20 %", bound="50 %").limit_reads == "50 %"
