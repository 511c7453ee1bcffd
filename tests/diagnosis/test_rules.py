"""For every rule, whatever it is. Not to be edited when a rule is added: its own cases are run."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable

import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.evaluate import evaluate
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Finding, Report
from lossmon.diagnosis.rule import STAGES, Case, Rule
from lossmon.diagnosis.rules import load_rules
from lossmon.records import Run

ReportOf = Callable[[Case], Report]
RULES = {rule.id: rule for rule in load_rules()}
HEADINGS = ("Sees", "Why the loss stalls", "Fix", "Not to be confused with", "Sources")

each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
each_firing = pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(r, c, id=f"{r.id}: {c.name}") for r in RULES.values() for c in r.fires],
)
each_silent = pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(r, c, id=f"{r.id}: {c.name}") for r in RULES.values() for c in r.silent],
)


def found(report: Report, slug: str) -> Finding | None:
    return next((finding for finding in report.findings if finding.rule == slug), None)


@each_firing
def test_rule_fires_and_names_the_culprits(rule: Rule, case: Case, report_of: ReportOf) -> None:
    finding = found(report_of(case), rule.id)
    assert finding is not None
    assert set(finding.culprits) == set(case.culprits)


@each_firing
def test_rule_is_the_cause_and_what_else_is_found_is_declared(
    rule: Rule, case: Case, report_of: ReportOf
) -> None:
    report = report_of(case)
    assert report.cause == rule.id
    others = {finding.rule for finding in report.findings} - {rule.id}
    assert others <= {*rule.explains, *rule.confusables}


@each_silent
def test_rule_is_quiet(rule: Rule, case: Case, report_of: ReportOf) -> None:
    report = report_of(case)
    assert found(report, rule.id) is None
    assert rule.id not in report.undecided


@each_firing
def test_evidence_lies_inside_the_run_and_says_what_was_held_against_what(
    rule: Rule, case: Case, report_of: ReportOf
) -> None:
    run = case.run()
    finding = found(report_of(case), rule.id)
    assert finding is not None
    first, last = Facts(run).first_step, run.last_step
    assert first <= finding.since_step <= last
    assert finding.evidence
    for evidence in finding.evidence:
        assert first <= evidence.first_step <= evidence.last_step <= last
        assert evidence.reads == evidence.reads.strip()
        assert not math.isnan(evidence.limit) or evidence.signal == "train_loss"


@each_rule
def test_rule_is_complete(rule: Rule) -> None:
    module = inspect.getmodule(rule.check)
    assert module is not None
    assert module.__name__.rpartition(".")[2] == rule.id.replace("-", "_")
    lines = rule.doc.splitlines()
    assert lines[0] == rule.claim
    assert len(rule.claim) <= 72
    positions = [lines.index(heading) for heading in HEADINGS]
    assert positions == sorted(positions)
    assert rule.stage in STAGES
    assert rule.fires
    assert rule.silent
    assert rule.fixes
    assert all(fix[0].isupper() and fix.endswith(".") for fix in rule.fixes)


@each_rule
def test_every_threshold_says_where_it_comes_from(rule: Rule) -> None:
    assert rule.thresholds
    assert all(threshold.source for threshold in rule.thresholds.values())


@each_rule
def test_rule_explains_only_rules_and_never_itself(rule: Rule) -> None:
    assert rule.id not in rule.explains
    assert len(set(rule.explains)) == len(rule.explains)


@each_rule
def test_rule_never_gives_way_in_a_circle(rule: Rule) -> None:
    above = set(rule.yields_to)
    while further := {s for slug in above if slug in RULES for s in RULES[slug].yields_to} - above:
        above |= further
    assert rule.id not in above


@each_rule
def test_without_its_signals_a_rule_is_skipped_and_never_clear(rule: Rule) -> None:
    report = diagnose(Run("empty"))
    assert rule.id in report.skipped
    assert rule.id not in report.clear


@each_firing
def test_every_rule_ends_in_exactly_one_verdict(
    rule: Rule, case: Case, report_of: ReportOf
) -> None:
    report = report_of(case)
    verdicts = [
        *(finding.rule for finding in report.findings),
        *report.overruled,
        *report.undecided,
        *report.clear,
        *report.skipped,
    ]
    assert sorted(verdicts) == sorted(RULES)


@each_firing
def test_a_silenced_rule_says_so_and_is_not_found(rule: Rule, case: Case) -> None:
    report = evaluate(case.run(), load_rules(), ignore=[rule.id])
    assert found(report, rule.id) is None
    assert report.skipped[rule.id] == "silenced by name"


def test_a_name_to_ignore_that_is_no_rules_is_told() -> None:
    report = diagnose(synth.run(), ignore=["xx"])
    assert report.skipped["xx"] == "ignore names no rule: xx"
