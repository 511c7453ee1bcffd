from __future__ import annotations

from lossmon.diagnosis.causes import attribute
from lossmon.diagnosis.finding import Finding, Severity
from lossmon.diagnosis.rules import load_rules

RULES = {rule.id: rule for rule in load_rules()}


def finding(slug: str, since: int = 0, severity: Severity = "error") -> Finding:
    return Finding(slug, severity, since, (), "", (), ())


def cause(*findings: Finding, interval: int = 1) -> str | None:
    return attribute(findings, RULES, interval=interval)[1]


def consequences(*findings: Finding, interval: int = 1) -> dict[str, str | None]:
    ordered, _ = attribute(findings, RULES, interval=interval)
    return {f.rule: f.consequence_of for f in ordered}


def test_what_explains_another_and_began_before_it_is_the_cause() -> None:
    pair = finding("lr-too-high", 5), finding("nan-in-loss", 40)
    assert cause(*pair) == "lr-too-high"
    assert consequences(*pair) == {"lr-too-high": None, "nan-in-loss": "lr-too-high"}


def test_what_began_later_explains_nothing() -> None:
    assert consequences(finding("lr-too-high", 50), finding("nan-in-loss", 40)) == {
        "lr-too-high": None,
        "nan-in-loss": None,
    }


def test_onsets_within_one_sample_interval_count_as_together() -> None:
    pair = finding("lr-too-high", 50), finding("nan-in-loss", 40)
    assert consequences(*pair, interval=10)["nan-in-loss"] == "lr-too-high"


def test_a_chain_is_attached_to_its_upper_end() -> None:
    chain = (
        finding("missing-zero-grad", 1),
        finding("lr-too-high", 5),
        finding("nan-in-loss", 40),
    )
    assert consequences(*chain)["nan-in-loss"] == "missing-zero-grad"


def test_what_a_training_takes_of_the_machine_never_outranks_a_reading_of_the_level() -> None:
    pair = finding("device-memory-leak", 0, "warning"), finding("label-noise", 50, "info")
    assert cause(*pair) == "label-noise"
    assert cause(finding("device-memory-leak", 0, "warning")) == "device-memory-leak"


def test_a_reading_of_the_level_never_outranks_a_named_mechanism() -> None:
    assert cause(finding("no-signal", 0, "error"), finding("constant-init", 9, "info")) == (
        "constant-init"
    )


def test_of_two_mechanisms_the_more_severe_is_the_cause_then_the_upstream_one() -> None:
    assert cause(finding("constant-init", 9), finding("lr-too-high", 0, "warning")) == (
        "constant-init"
    )
    assert cause(finding("lr-too-high", 0), finding("missing-zero-grad", 9)) == "missing-zero-grad"


def test_no_finding_is_no_cause() -> None:
    assert cause() is None


def test_the_cause_stands_first() -> None:
    ordered, _ = attribute(
        [finding("no-signal"), finding("lr-too-high", severity="info")], RULES, interval=1
    )
    assert [f.rule for f in ordered] == ["lr-too-high", "no-signal"]
