from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.level import Level, level
from lossmon.records import Run
from lossmon.signals import CLASS_COUNT, CRITERION_LOSS, PREDICTION_ENTROPY, PRIOR_COUNT, PRIOR_LOSS


def of(run: Run) -> Level:
    return level(Facts(run))


def sampled_until(run: Run, step: int) -> Run:
    assert run.parameters is not None
    assert run.totals is not None
    return replace(run, parameters=run.parameters.until(step), totals=run.totals.until(step))


def test_level_is_the_share_of_the_prior_that_is_explained() -> None:
    loss = synth.flat(300, at=synth.PRIOR / 4)
    assert of(synth.run(loss=loss)).explained == pytest.approx(0.75, abs=0.01)


def test_level_leaves_out_what_the_loop_adds() -> None:
    data = synth.flat(300, at=1.0)
    run = synth.run(loss=data + 5.0, total={CRITERION_LOSS: data})
    assert of(run).loss == pytest.approx(1.0, abs=0.01)


def test_level_of_a_window_without_samples_comes_from_the_loss_of_every_step() -> None:
    falling = synth.falling(600, end=0.2)
    penalty = 0.5 * np.ones(600)
    run = synth.run(600, loss=falling + penalty, total={CRITERION_LOSS: falling})
    assert of(sampled_until(run, 100)).loss == pytest.approx(of(run).loss, abs=0.02)


def test_level_of_accumulated_passes_is_that_of_the_criterion() -> None:
    data = synth.flat(600, at=1.0)
    run = synth.run(600, loss=data / 4, total={CRITERION_LOSS: data})
    assert of(sampled_until(run, 100)).loss == pytest.approx(1.0, abs=0.02)


def test_level_does_not_count_the_peaks_of_the_past() -> None:
    loss = synth.flat(200, at=0.01, noise=1e-3)
    loss[5:25] = 100.0
    assert of(synth.run(200, loss=loss)).explained > 0.98


def test_level_is_unknown_without_a_prior() -> None:
    assert not of(synth.run(total={PRIOR_LOSS: np.nan})).is_known
    assert not of(synth.scalars_only(synth.flat(300))).is_known


def test_prior_of_few_labels_is_raised_by_what_their_entropy_lacks() -> None:
    few = {PRIOR_LOSS: 2.0, PRIOR_COUNT: 100.0, CLASS_COUNT: 10.0}
    assert of(synth.run(total=few)).prior == pytest.approx(2.0 + 9 / 200)


def test_tau_compares_loss_and_entropy_of_the_same_steps() -> None:
    falling = synth.falling(600, end=0.2)
    run = synth.run(600, loss=falling, total={PREDICTION_ENTROPY: falling})
    assert of(sampled_until(run, 100)).tau == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("prior", "classes"), [(0.0, 2.0), (1e-33, np.nan), (0.0, 0.0)])
def test_level_is_unknown_where_all_targets_are_alike(prior: float, classes: float) -> None:
    run = synth.run(
        loss=synth.flat(300, at=0.7),
        total={PRIOR_LOSS: prior, CLASS_COUNT: classes, PRIOR_COUNT: 64.0},
    )
    found = of(run)
    assert not found.is_known
    assert np.isnan(found.prior)
    assert found.why_unknown == "all targets are alike, so no level is known"


def test_level_of_no_class_is_read_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    of(synth.run(total={PRIOR_LOSS: 1.0, CLASS_COUNT: 0.0}))
    assert not list(recwarn)


def every_third(run: Run) -> Run:
    """Return a run in which only each third of the run-level records is left."""
    table = run.totals
    assert table is not None
    kept = slice(2, None, 3)
    steps, walls = table.steps[kept], table.wall_times[kept]
    return replace(
        run,
        totals=replace(table, steps=steps, wall_times=walls, values=np.asarray(table.values)[kept]),
    )


def test_level_is_read_at_the_steps_of_its_own_records() -> None:
    falling = synth.falling(300, end=0.2)
    run = synth.run(loss=falling, total={PREDICTION_ENTROPY: falling})
    found, expected = of(every_third(run)), of(run)
    assert found.loss == pytest.approx(expected.loss, abs=0.01)
    assert found.tau == pytest.approx(0.0, abs=1e-6)


def test_level_needs_no_parameter_records() -> None:
    run = synth.run(loss=synth.flat(300, at=synth.PRIOR / 4))
    assert of(replace(run, parameters=None)).explained == pytest.approx(0.75, abs=0.01)


def test_prior_that_was_measured_before_the_window_still_holds() -> None:
    prior = np.where(np.arange(600) < 50, synth.PRIOR, np.nan)
    run = synth.run(600, loss=synth.flat(600, at=synth.PRIOR / 4), total={PRIOR_LOSS: prior})
    assert of(run).explained == pytest.approx(0.75, abs=0.01)


def test_level_says_which_of_the_two_losses_is_missing() -> None:
    unknown = of(synth.run(total={CRITERION_LOSS: np.nan}, loss=np.full(300, np.nan)))
    assert unknown.why_unknown == "the criterion's loss is not known in the window"


def test_a_loss_of_exactly_zero_divides_nothing() -> None:
    run = synth.run(loss=np.zeros(300), total={CRITERION_LOSS: synth.flat(300, at=1.0)})
    assert of(run).loss == pytest.approx(1.0, abs=0.01)
