"""A run that gets nowhere is never left without a next step."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.records import Mark
from lossmon.signals import GRAD_DOT_PREV, UPDATE_NORM


def reads(*marks: Mark) -> str:
    """Return what is said of a run that is stuck for no reason that a rule would know."""
    report = diagnose(synth.run(loss=synth.flat(300), parameter={UPDATE_NORM: 0.0}, marks=marks))
    assert (report.status, report.findings) == ("stuck", ())
    return report.status_reads


def test_without_a_probe_one_is_asked_for() -> None:
    assert reads().endswith(
        ". No rule names why: try lossmon run --probe, or mon.probe(batch); whether the model can "
        "overfit one batch halves the causes that are left"
    )


@pytest.mark.parametrize(
    ("fitted", "found", "place"),
    [
        (
            True,
            "could overfit one batch: its loss went from 1.4 to 0.01",
            "why: look at the data, the learning rate",
        ),
        (False, "could not overfit one batch", "why: look at the model and its loss before"),
    ],
)
def test_after_a_probe_it_is_said_where_to_look(fitted: bool, found: str, place: str) -> None:
    said = reads(*synth.probe(fitted))
    assert found in said
    assert place in said


def test_of_a_log_that_lossmon_did_not_write_more_is_asked_for() -> None:
    report = diagnose(synth.scalars_only(synth.flat(300)))
    assert report.status == "stuck"
    assert "lossmon run records more" in report.status_reads


def test_where_a_finding_names_a_cause_nothing_is_added() -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, (300, len(synth.SHAPES)))
    report = diagnose(synth.run(loss=synth.flat(300), parameter={GRAD_DOT_PREV: noise}))
    assert (report.status, report.cause) == ("stuck", "no-signal")
    assert "No rule names why" not in report.status_reads


def test_where_a_rule_asks_for_a_probe_itself_that_is_enough() -> None:
    report = diagnose(synth.run(loss=synth.flat(300, at=1.2), parameter={UPDATE_NORM: 2e-3}))
    assert report.undecided
    assert "No rule names why" not in report.status_reads
