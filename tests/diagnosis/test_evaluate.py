from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.evaluate import evaluate
from lossmon.diagnosis.rule import CLEAR, Found, Outcome, Rule
from lossmon.diagnosis.rules import load_rules
from lossmon.signals import PARAMETER_SIGNALS, RUN_SIGNALS


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38, 0.0])
def test_whatever_overflows_numpy_warns_of_nothing(value: float) -> None:
    table = np.ones((300, len(synth.SHAPES)))
    table[100:], table[:3] = value, value
    run = synth.run(
        loss=np.where(np.arange(300) < 100, 2.0, value),
        parameter=dict.fromkeys(PARAMETER_SIGNALS, table),
        total=dict.fromkeys(RUN_SIGNALS, table[:, 0]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diagnose(run)


def _rule(slug: str, outcome: Outcome, *yields_to: str) -> Rule:
    return replace(
        load_rules()[0], id=slug, needs=(), min_steps=0, check=lambda facts: outcome,
        explains=(), yields_to=yields_to,
    )  # fmt: skip


def test_finding_gives_way_to_another_one_that_says_more() -> None:
    found = Found("warning", 0, ())
    rules = (_rule("vague", found, "exact"), _rule("exact", found))
    report = evaluate(synth.run(loss=synth.flat(300)), rules)
    assert [finding.rule for finding in report.findings] == ["exact"]
    assert report.overruled == {"vague": "exact"}


def test_finding_stands_where_what_it_gives_way_to_does_not_hold() -> None:
    rules = (_rule("vague", Found("warning", 0, ()), "exact"), _rule("exact", CLEAR))
    report = evaluate(synth.run(loss=synth.flat(300)), rules)
    assert report.cause == "vague"
    assert not report.overruled
