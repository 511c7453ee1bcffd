"""A log with gaps is judged by what it holds: no warning, no error, nothing that is not so."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.evaluate import evaluate
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Report
from lossmon.diagnosis.rule import Case
from lossmon.diagnosis.rules import load_rules
from lossmon.records import Mark, Run, Series, Table
from lossmon.report.json import dump, render_json
from lossmon.report.markdown import render_markdown
from lossmon.report.state import state_dict
from lossmon.report.text import render_text
from lossmon.tui.page import page
from lossmon.tui.polling import view_of

Rows = NDArray[np.int64]
Cut = Callable[[int, np.random.Generator], Rows]
"""From a number of points, the rows that are left of them."""

CUTS: dict[str, Cut] = {
    "whole": lambda n, rng: np.arange(n),
    "a head": lambda n, rng: np.arange(int(rng.integers(1, n))),
    "a tail": lambda n, rng: np.arange(int(rng.integers(1, n)), n),
    "a hole in the middle": lambda n, rng: np.delete(np.arange(n), slice(*_pair(n, rng))),
    "a few": lambda n, rng: np.flatnonzero(rng.random(n) < 0.05),
    "most": lambda n, rng: np.flatnonzero(rng.random(n) < 0.8),
    "every tenth": lambda n, rng: np.arange(0, n, 10),
    "one": lambda n, rng: rng.integers(0, n, 1),
    "none": lambda n, rng: np.zeros(0, np.int64),
}
GONE = "gone"
UNMEASURED = "not a number"
RECORD_HOLES = (*CUTS, GONE)
"""What happens to files: records are there or not, each as a whole."""
HOLES = (*RECORD_HOLES, UNMEASURED)


def _pair(n: int, rng: np.random.Generator) -> tuple[int, int]:
    low, high = sorted(rng.integers(0, n, 2).tolist())
    return low, high + 1


def holes(kinds: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of what is done to each part of a run."""
    kind = st.sampled_from(list(kinds))
    parts = ("loss", "scalars", "parameters", "layers", "totals", "marks")
    return st.fixed_dictionaries({**dict.fromkeys(parts, kind), "seed": st.integers(0, 99)})


def whole(run: Run) -> Run:
    """Return a run with what synthetic ones lack: validation, norms, and marks of every kind."""
    steps = max(run.last_step, 0) + 1
    at = np.arange(0, steps, 2)
    loss = run.series["train/loss"].values[at]
    marks = [
        Mark(0, 0.0, "resumed"),
        Mark(5, 0.5, "dropped", {"count": 3}),
        Mark(steps // 2, 5.0, "parameters", {"count": 1, "names": ["0.weight"]}),
        Mark(steps // 2, 5.0, "rank-lost", {"rank": 1, "error": "killed"}),
        Mark(steps - 1, steps / 10, "closed"),
    ]
    others = {"val/loss": loss, "train/grad_norm": np.ones(len(at)), "lossmon/dropped": at / steps}
    series = {tag: Series(tag, at, at * 0.1, values) for tag, values in others.items()}
    return replace(
        run, series={**series, **run.series}, marks=(*run.marks, *marks), last_wall=steps / 10
    )


def cut(run: Run, holes: dict[str, Any]) -> Run:
    """Return what is left of a run."""
    rng = np.random.default_rng(holes["seed"])
    left = {
        tag: _series(series, holes["loss" if tag == "train/loss" else "scalars"], rng)
        for tag, series in run.series.items()
    }
    return replace(
        run,
        series={tag: series for tag, series in left.items() if series is not None},
        parameters=_table(run.parameters, holes["parameters"], rng),
        layers=_table(run.layers, holes["layers"], rng),
        totals=_table(run.totals, holes["totals"], rng),
        marks=tuple(run.marks[i] for i in _rows(holes["marks"], len(run.marks), rng)),
    )


def _rows(kind: str, n: int, rng: np.random.Generator) -> list[int]:
    if kind == GONE or n < 2:
        return []
    return CUTS[kind if kind in CUTS else "whole"](n, rng).tolist()


def _series(series: Series, kind: str, rng: np.random.Generator) -> Series | None:
    if kind == GONE:
        return None
    rows = _rows(kind, len(series), rng)
    values = series.values[rows]
    return Series(
        series.tag,
        series.steps[rows],
        series.wall_times[rows],
        np.full_like(values, np.nan) if kind == UNMEASURED else values,
    )


def _table(table: Table | None, kind: str, rng: np.random.Generator) -> Table | None:
    if table is None or kind == GONE:
        return None
    assert isinstance(table.values, np.ndarray)
    rows = _rows(kind, len(table), rng)
    values = table.values[rows].copy()
    if kind == UNMEASURED:
        # Any part of it: cells, whole rows, whole columns.
        values[rng.random(values.shape) < 0.3] = np.nan
        values[:, rng.random(values.shape[1]) < 0.3] = np.nan
        values[:, :, rng.random(values.shape[2]) < 0.3] = np.nan
    return Table(table.signals, table.steps[rows], table.wall_times[rows], values)


RULES = {rule.id: rule for rule in load_rules()}
CASES = [(rule.id, case) for rule in load_rules() for case in rule.fires]
HEALTHY = (
    lambda: synth.run(120),
    lambda: synth.run(300),
    lambda: synth.scalars_only(synth.falling(300)),
)


@contextmanager
def no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def loud(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings if finding.severity != "info"}


def shown(run: Run, report: Report) -> None:
    view = replace(view_of(("r", 0), run, None, 1e3), report=report)
    render_text([report])
    render_markdown([report])
    render_json([report])
    dump(state_dict(run, report, view.life))
    page(view, report)


def judged(run: Run) -> Report:
    """Return the report on a run as it stands, all its numbers held against the run's own ends."""
    with no_warning():
        report = evaluate(run, load_rules())
    first, last = Facts(run).first_step, run.last_step
    for finding in report.findings:
        assert first <= finding.since_step <= last
        for one in finding.evidence:
            assert first <= one.first_step <= one.last_step <= last
    verdicts = [
        *(finding.rule for finding in report.findings),
        *report.overruled,
        *report.undecided,
        *report.clear,
        *report.skipped,
    ]
    assert sorted(verdicts) == sorted(RULES)
    return report


@settings(max_examples=60)
@given(st.sampled_from(CASES), holes(HOLES))
def test_whatever_is_missing_a_report_is_made_and_shown(
    case: tuple[str, Case], missing: dict[str, Any]
) -> None:
    run = cut(whole(case[1].run()), missing)
    with no_warning():
        shown(run, diagnose(run))


@settings(max_examples=200)
@given(st.sampled_from(HEALTHY), holes(RECORD_HOLES))
def test_no_gap_makes_a_healthy_run_look_ill(
    healthy: Callable[[], Run], missing: dict[str, Any]
) -> None:
    report = judged(cut(whole(healthy()), missing))
    assert not loud(report)
    assert report.status in ("learning", "converged", "not-enough-evidence")


@settings(max_examples=200)
@given(st.sampled_from(CASES), holes(RECORD_HOLES))
def test_no_gap_makes_one_fault_look_like_another(
    case: tuple[str, Case], missing: dict[str, Any]
) -> None:
    slug, fault = case
    report = judged(cut(whole(fault.run()), missing))
    assert loud(report) <= {slug, *RULES[slug].explains, *RULES[slug].confusables}
