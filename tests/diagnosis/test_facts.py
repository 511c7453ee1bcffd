"""What rules share about a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.recorded import MAX_LOSSES
from lossmon.records import BucketRows, Run, Series
from lossmon.signals import UPDATE_NORM, WEIGHT_NORM


def long_run(width: int) -> Run:
    """A run of 4,000 rows that each stand for so many points; the loss is 2, then 1."""
    rows = np.arange(4000)
    table = np.zeros((4000, BucketRows.WIDTH))
    table[:, BucketRows.COUNT] = width
    table[:, BucketRows.FIRST_STEP] = rows * width
    table[:, BucketRows.END] = rows * width + width - 1
    values = np.where(rows < 3500, 2.0, 1.0)
    steps = rows * width + width - 1
    series = Series("train/loss", steps, steps * 1.0, values, BucketRows(rows, table))
    return Run("long", {"train/loss": series})


def test_losses_of_a_very_long_window_are_thinned_evenly() -> None:
    short, long = (Facts(long_run(width)).window_losses for width in (16, 1 << 15))
    assert len(short) == 16_000
    assert MAX_LOSSES / 2 < len(long) <= 2 * MAX_LOSSES
    assert np.mean(long) == np.mean(short) == 1.5


def test_the_first_loss_of_a_log_that_lacks_its_beginning_is_not_that_of_the_untrained_model() -> (
    None
):
    run = synth.run()
    loss = run.series["train/loss"]
    assert Facts(run).first_loss == loss.values[0]
    late = Series(loss.tag, loss.steps[100:], loss.wall_times[100:], loss.values[100:])
    assert np.isnan(Facts(replace(run, series={late.tag: late})).first_loss)


def test_a_parameter_that_was_looked_at_once_is_not_said_to_stand_still() -> None:
    still = {UPDATE_NORM: 0.0, WEIGHT_NORM: 3.0}
    assert not Facts(synth.run(3, parameter=still)).moves.any()
    assert Facts(synth.run(1, parameter=still)).moves.all()


def test_weights_that_a_record_lacks_count_as_they_were_last() -> None:
    norms = np.full((300, len(synth.SHAPES)), 10.0)
    norms[::2, :3], norms[1::2, 3:] = np.nan, np.nan
    found = Facts(synth.run(parameter={WEIGHT_NORM: norms})).weight_norms
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(np.sqrt(6) * 10.0)
