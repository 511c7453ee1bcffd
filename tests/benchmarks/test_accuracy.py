"""The accuracy benchmark counts right, and what it counts on was kept apart from the limits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import accuracy
import accuracytable
import programs

from lossmon.diagnosis import synth
from lossmon.diagnosis.rules import load_rules
from lossmon.records import Mark
from lossmon.signals import UPDATE_NORM

SLUGS = {rule.id for rule in load_rules()}
CAUSES = {rule.id for rule in load_rules() if rule.stage != "machine"}
"""What a training takes of the machine leaves its loss alone: no loss can show it."""


def judged(expected: str | None, *findings: str, status: str = "stuck") -> Any:
    """Return a verdict whose first finding is the cause."""
    found = tuple(tuple(finding.split()) for finding in findings)
    cause = found[0][1] if found else None
    return accuracy.Judged(
        "program", "mlp", 0, expected, cause, status, found, 9, 4, {"plateau": ("lr-too-low",)}
    )


def figures(*verdicts: Any) -> dict[str, str]:
    return dict(accuracytable.summary(verdicts))


@pytest.mark.parametrize("slug", sorted(CAUSES))
def test_every_cause_has_held_out_programs_of_two_families(slug: str) -> None:
    found = [p for p in programs.programs("evaluation") if p.cause == slug]
    assert len({program.family for program in found}) >= 2


def test_no_program_is_in_two_parts() -> None:
    parts = [
        {p.case.script.read_text() for p in programs.programs(part) if p.cause is not None}
        for part in programs.PARTS
    ]
    assert sum(map(len, parts)) == len(set[str]().union(*parts))


def test_every_faulty_program_names_a_rule_and_is_followed_by_its_twin() -> None:
    for part in programs.PARTS:
        found = programs.programs(part)
        faulty = [p for p in found if p.cause is not None]
        assert {p.cause for p in faulty} <= SLUGS
        names = Counter(p.case.name for p in found)
        assert all(names[p.twin] == 1 for p in faulty)


def test_only_the_primary_cause_counts_as_right() -> None:
    right = judged("lr-too-low", "error lr-too-low")
    third = judged("lr-too-low", "error no-signal", "warning lr-too-low")
    found = figures(right, third, judged("lr-too-low"))
    assert found["right primary cause"] == "1 of 3 (33.3 %)"
    assert found["among the first three"] == "2 of 3 (66.7 %)"
    assert found["causes under 80 %"] == "1 of 1: lr-too-low"
    assert found["baseline plateau: right cause"] == "3 of 3 (100.0 %)"


def test_a_baseline_that_was_asked_of_some_runs_is_judged_by_those() -> None:
    asked = replace(judged("lr-too-low"), baselines={"peer": ("no-signal",)})
    found = figures(asked, judged("lr-too-low"), judged(None, status="learning"))
    assert found["baseline peer: right cause"] == "0 of 1 (0.0 %)"
    assert found["baseline peer: healthy runs with an alarm"] == "none"


def test_alarms_on_healthy_runs_are_counted_by_severity() -> None:
    calm = judged(None, status="learning")
    found = figures(calm, judged(None, "info lr-too-low"), judged(None, "error no-signal"))
    assert found["of them with a finding of error"] == "1 of 3 (33.3 %)"
    assert found["of them with a finding of warning"] == "0 of 3 (0.0 %)"
    assert found["of them with a finding of info"] == "1 of 3 (33.3 %)"
    assert found["of them called learning or converged"] == "1 of 3 (33.3 %)"


def test_the_page_names_every_miss_and_what_was_said_instead() -> None:
    miss = replace(judged("lr-too-low", "error no-signal"), program="the-miss")
    page = accuracytable.markdown([miss], "--seeds 1")
    assert "| lr-too-low | 1 | 0 | 0 | no-signal x1 |" in page
    assert "| the-miss | 0 | stuck | error no-signal |" in page


def test_a_probe_that_the_report_asked_for_counts_and_so_does_the_verdict_without_it() -> None:
    before = replace(judged("label-noise", "info lr-too-low"), asks=("--probe",))
    after = accuracy.after_probe(before, judged("label-noise", "info label-noise"))
    found = figures(after, judged("lr-too-low", "error lr-too-low"))
    assert found["right primary cause"] == "2 of 2 (100.0 %)"
    assert found["right primary cause at the first report"] == "1 of 2 (50.0 %)"
    page = accuracytable.markdown([after], "--seeds 1 --probe")
    assert "counts: `lossmon run --probe` 1 faulty and 0 healthy." in page


@pytest.mark.parametrize(
    ("marks", "asks"), [((), ("--probe",)), (synth.probe(False), ())], ids=["unprobed", "probed"]
)
def test_the_advice_of_a_run_that_is_stuck_for_no_known_reason_is_followed(
    monkeypatch: pytest.MonkeyPatch, marks: tuple[Mark, ...], asks: tuple[str, ...]
) -> None:
    run = synth.run(loss=synth.flat(300), parameter={UPDATE_NORM: 0.0}, marks=marks)
    monkeypatch.setattr(accuracy, "_longest", lambda logdir: run)
    faulty = next(p for p in programs.programs("evaluation") if p.cause is not None)
    said = accuracy.judge(faulty, 0, Path("nowhere"))
    assert (said.status, said.findings, said.asks) == ("stuck", (), asks)


def test_a_fault_is_visible_from_where_the_loss_stays_above_its_twins() -> None:
    stuck, learns = synth.run(loss=synth.flat(300)), synth.run()
    step = accuracy._visible(stuck, learns)
    assert step is not None
    assert 20 < step < 80
    assert accuracy._visible(learns, learns) is None
