from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.records import Run, Series
from lossmon.signals import (
    GRAD_DOT_PREV,
    GRAD_STALE,
    PREDICTION_ENTROPY,
    UPDATE_NORM,
    WEIGHT_NORM,
)


def noise(steps: int = 300) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 0.1, (steps, len(synth.SHAPES)))


def rising(steps: int = 300) -> np.ndarray:
    return synth.PRIOR + np.linspace(0, 5, steps) + synth.flat(steps, at=0.0)


def at_floor() -> Run:
    loss = synth.flat(300, at=1.2)
    return synth.run(loss=loss, parameter={GRAD_DOT_PREV: noise()}, total={PREDICTION_ENTROPY: 1.2})


def nan_for_good() -> np.ndarray:
    loss = synth.falling(300)
    loss[250:] = np.nan
    return loss


@pytest.mark.parametrize(
    ("status", "run"),
    [
        ("learning", synth.run()),
        ("broken", synth.run(loss=nan_for_good())),
        ("broken", synth.run(loss=synth.flat(300), parameter={UPDATE_NORM: 0.0, WEIGHT_NORM: 3.0})),
        ("not-enough-evidence", synth.run(10)),
        ("diverging", synth.run(loss=rising())),
        ("converged", synth.run(loss=synth.flat(300, at=0.01, noise=1e-3))),
        ("converged", synth.run(loss=synth.flat(300, at=1.7), floor=1.7)),
        ("converged", at_floor()),
        ("converged", synth.run(loss=synth.flat(300, at=1.2))),
        ("stuck", synth.run(loss=synth.flat(300, at=1.2), parameter={UPDATE_NORM: 2e-3})),
        ("stuck", synth.run(loss=synth.flat(300), parameter={GRAD_DOT_PREV: noise()})),
    ],
    ids=[
        "the loss falls",
        "not finite for good",
        "nothing moves",
        "ten steps",
        "the loss rises",
        "nearly all is explained",
        "at the floor the user knows",
        "flat at an optimum",
        "flat, however far steps go where gradients agree",
        "flat, and gradients still agree on more than short steps",
        "flat at the prior",
    ],
)
def test_status(status: str, run: Run) -> None:
    assert diagnose(run).status == status


def test_a_loss_that_falls_below_what_a_criterion_can_be_has_not_converged() -> None:
    falling = -np.linspace(0, 40, 300)
    assert diagnose(synth.run(loss=falling)).status == "learning"


def test_a_loss_cannot_fall_by_more_than_the_updates_reach() -> None:
    loss = synth.falling(300, end=2.2)
    assert diagnose(synth.run(loss=loss)).status == "learning"
    assert diagnose(synth.run(loss=loss, parameter={UPDATE_NORM: 1e-9})).status == "stuck"


def test_thirty_full_batch_steps_can_show_a_verdict() -> None:
    loss = np.linspace(2.3, 1.0, 30)
    assert diagnose(synth.run(30, loss=loss)).status == "learning"


def test_few_noisy_steps_cannot() -> None:
    loss = synth.flat(40, at=1.0, noise=0.4)
    assert diagnose(synth.run(40, loss=loss)).status == "not-enough-evidence"


def test_a_third_party_log_that_came_down_to_nothing_has_converged() -> None:
    loss = np.concatenate([synth.falling(200, end=0.01), synth.flat(400, at=0.01, noise=1e-4)])
    assert diagnose(synth.scalars_only(np.abs(loss))).status == "converged"


def test_the_status_tells_its_numbers() -> None:
    reads = diagnose(synth.run()).status_reads
    assert "fell by" in reads
    assert "constant prediction" in reads


def test_a_trend_that_could_hide_in_the_noise_is_no_verdict() -> None:
    loss = synth.flat(400, at=1.2, noise=0.6)
    report = diagnose(synth.run(400, loss=loss, parameter={GRAD_DOT_PREV: noise(400) + 0.1}))
    assert report.status == "not-enough-evidence"
    assert "noisy" in report.status_reads


def test_noise_that_rises_a_little_does_not_diverge() -> None:
    loss = synth.flat(300, at=0.1, noise=0.05) + np.linspace(0, 0.04, 300)
    assert diagnose(synth.run(loss=np.abs(loss))).status == "converged"


def stuck_for_sure(noise: float, seed: int) -> str:
    """Return what is said of a noisy loss that does not move, and has a fault."""
    loss = synth.flat(600, noise=noise, seed=seed)
    report = diagnose(synth.run(600, loss=loss, parameter={GRAD_STALE: 1.0}))
    assert report.cause == "missing-zero-grad"
    return report.status_reads if report.status == "stuck" else ""


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("noise", [0.02, 0.1, 1.5])
def test_a_loss_is_called_flat_only_where_it_moved_by_a_percent_at_most(
    noise: float, seed: int
) -> None:
    reads = stuck_for_sure(noise, seed)
    moved = re.search(r"\(moved ([\d.]+) %\)", reads)
    assert ("is flat" in reads) == (moved is not None)
    assert moved is None or float(moved[1]) <= 1.0


def test_a_change_within_the_noise_is_no_trend() -> None:
    reads = stuck_for_sure(1.5, 0)
    assert "no clear trend over steps 400-599: what it moved, " in reads
    assert " %, is within its noise" in reads


def losses_of(run: Run, first: int, last: int) -> Run:
    """Return a run whose losses are missing but for those of some steps."""
    loss = run.series["train/loss"]
    kept = slice(first, last + 1)
    loss = Series(loss.tag, loss.steps[kept], loss.wall_times[kept], loss.values[kept])
    return replace(run, series={**run.series, loss.tag: loss})


def test_of_a_run_whose_losses_end_early_it_is_not_said_where_it_is() -> None:
    report = diagnose(losses_of(synth.run(), 0, 149))
    assert report.status == "not-enough-evidence"
    assert report.status_reads == "no loss is recorded after step 149, up to step 299"
    assert report.skipped["lr-too-high"] == "no loss recorded after step 149"


def test_losses_that_were_not_finite_when_they_ended_are_found_all_the_same() -> None:
    loss = synth.falling(300)
    loss[100:] = np.nan
    report = diagnose(losses_of(synth.run(loss=loss), 0, 149))
    assert report.status == "not-enough-evidence"
    assert report.cause == "nan-in-loss"


def test_the_steps_of_a_trend_are_those_whose_losses_are_known() -> None:
    report = diagnose(losses_of(synth.run(), 150, 280))
    assert report.status == "learning"
    assert "over steps 150-280" in report.status_reads


def test_a_stretch_of_flat_losses_is_no_plateau_of_the_whole_window() -> None:
    report = diagnose(losses_of(synth.run(loss=synth.flat(300, at=1.2)), 240, 299))
    assert report.status == "not-enough-evidence"
    assert "in steps 240-299 only" in report.status_reads


def test_few_finite_losses_are_counted_not_called_noise() -> None:
    loss = synth.falling(300)
    loss[105:290] = np.nan
    report = diagnose(synth.run(loss=loss))
    assert report.status_reads == "15 finite losses in steps 100-299, 20 needed"


def test_parameters_that_stand_still_are_told_with_the_steps_they_were_looked_at() -> None:
    run = synth.run(loss=synth.flat(300), parameter={UPDATE_NORM: 0.0, WEIGHT_NORM: 3.0})
    table = run.parameters
    assert table is not None
    late = replace(table, steps=table.steps[50:], wall_times=table.wall_times[50:])
    late = replace(late, values=np.asarray(table.values)[50:])
    report = diagnose(replace(run, parameters=late))
    assert report.status_reads == "no parameter has changed in steps 50-299"


def test_a_loss_that_nobody_saw_rest_before_the_learning_rate_was_spent_has_not_converged() -> None:
    lr = np.repeat([1e-3, 1e-6], (40, 260))
    loss = synth.flat(300, at=1.2, noise=0.3)
    run = synth.run(
        loss=loss,
        lr=lr,
        parameter={GRAD_DOT_PREV: noise()},
        total={PREDICTION_ENTROPY: loss},
    )
    report = diagnose(run)
    assert report.status == "not-enough-evidence"
    assert report.status_reads.endswith("the learning rate was spent before it rested")
