from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import GROWTH, Fold, diagnose
from lossmon.diagnosis.finding import HistoryEntry
from lossmon.diagnosis.rules import load_rules
from lossmon.records import Run, Series
from lossmon.signals import DROPPED, GRAD_DOT_PREV, LOSS, UPDATE_NORM


def broken_late() -> Run:
    loss = synth.falling(600)
    loss[400:] = np.nan
    return synth.run(600, loss=loss)


@pytest.mark.parametrize("polls", [[600], [1, 600], [11, 12, 13, 300, 599, 600], range(1, 601, 7)])
def test_any_way_of_polling_gives_the_same_report(polls: list[int]) -> None:
    whole = broken_late()
    fold = Fold()
    for end in polls:
        report = fold.advance(whole.until(end - 1))
    assert fold.advance(whole) == diagnose(whole)
    assert report is not None


def test_the_history_tells_when_a_finding_was_opened() -> None:
    report = diagnose(broken_late())
    opened = {entry.rule: entry.step for entry in report.history if entry.event == "opened"}
    assert 400 <= opened["nan-in-loss"] < 400 * GROWTH


def test_a_finding_that_worsens_and_one_that_is_resolved_are_kept_in_the_history() -> None:
    loss = synth.falling(600)
    loss[100] = np.nan
    loss[500:] = np.nan
    events = [e for e in diagnose(synth.run(600, loss=loss)).history if e.rule == "nan-in-loss"]
    assert [entry.event for entry in events] == ["opened", "worsened"]

    stuck = synth.flat(1500)
    stuck[700:] = synth.falling(800)
    noise = np.random.default_rng(5).normal(0, 0.1, (1500, 6))
    noise[700:] += 0.1
    run = synth.run(1500, loss=stuck, parameter={GRAD_DOT_PREV: noise})
    events = [e.event for e in diagnose(run).history if e.rule == "no-signal"]
    assert events[0] == "opened"
    assert events[-1] == "resolved"


def test_a_finding_that_cannot_be_judged_any_more_is_not_resolved() -> None:
    loss = np.full(600, synth.PRIOR)
    loss[3:] = 30.0
    run = synth.run(600, loss=loss, parameter={UPDATE_NORM: 7.0})
    assert diagnose(run).cause == "lr-too-high"
    early = run.series[LOSS.tag].until(200)
    report = diagnose(replace(run, series={**run.series, LOSS.tag: early}))
    assert "lr-too-high" in report.skipped
    assert [e.event for e in report.history if e.rule == "lr-too-high"] == ["opened"]


def test_a_resumed_run_is_judged_anew() -> None:
    fold = Fold()
    first = synth.run(300)
    fold.advance(first)
    resumed = replace(broken_late(), meta=replace(first.meta, start_id="second"))  # type: ignore[type-var]
    assert fold.advance(resumed) == diagnose(resumed)


def test_a_checkpoint_waits_for_its_wide_record() -> None:
    whole = broken_late()
    behind = replace(whole, parameters=whole.parameters.until(200), totals=whole.totals.until(200))  # type: ignore[union-attr]
    fold = Fold()
    fold.advance(behind)
    assert fold.advance(whole) == diagnose(whole)


def test_a_log_of_another_tool_is_judged_as_far_as_it_goes() -> None:
    report = diagnose(synth.scalars_only(synth.falling(300)))
    assert report.status == "learning"
    assert set(report.skipped) == {rule.id for rule in load_rules()} - {"nan-in-loss"}
    assert report.skipped["lr-too-low"].startswith("no ")


def test_an_empty_run_is_not_enough_evidence() -> None:
    report = diagnose(Run("empty"))
    assert (report.status, report.cause, report.findings) == ("not-enough-evidence", None, ())


def test_the_same_run_gives_the_same_report() -> None:
    assert diagnose(broken_late()) == diagnose(broken_late())


def test_history_entries_are_in_order_of_steps() -> None:
    history: tuple[HistoryEntry, ...] = diagnose(broken_late()).history
    assert [entry.step for entry in history] == sorted(entry.step for entry in history)


def test_a_run_that_starts_late_is_judged_from_where_it_starts() -> None:
    run = synth.run(300)
    loss = run.series[LOSS.tag]
    late = replace(run, series={LOSS.tag: replace(loss, steps=loss.steps + 10_000)})
    late = replace(
        late,
        parameters=replace(run.parameters, steps=run.parameters.steps + 10_000),  # type: ignore[type-var]
        totals=replace(run.totals, steps=run.totals.steps + 10_000),  # type: ignore[type-var]
    )
    assert diagnose(late).status == "learning"


@pytest.mark.parametrize(
    ("counts", "dropped"),
    [
        ([], 0),
        ([3, 7, 7], 7),
        ([3, 7, 2, 5], 12),
        ([np.nan, np.inf, -4, 2], 2),
        ([1e300, 1e299], 10**15),
    ],
)
def test_records_dropped_are_summed_over_the_starts_of_a_run(
    counts: list[float], dropped: int
) -> None:
    run = synth.run(60)
    steps = np.arange(len(counts))
    series = Series(DROPPED.tag, steps, 1e9 + steps, np.array(counts, float))
    report = diagnose(replace(run, series={**run.series, DROPPED.tag: series}))
    assert report.dropped == dropped
