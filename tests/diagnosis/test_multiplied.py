"""Layers that multiply what they are given, and those that a step has made to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.batchsignals import PREDICTION_STD
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.multiplied import multiplied
from lossmon.layersignals import STD_OUT
from lossmon.records import Run, Table
from lossmon.signals import UPDATE_NORM, WEIGHT_NORM


def first_looked_at(step: int, first_update: float, outputs: float = 1.0) -> Run:
    """A model whose last layer puts out a thousand times its input, with sound weights."""
    updates = np.full((300, len(synth.SHAPES)), 1e-3)
    updates[0] = first_update
    run = synth.run(
        parameter={WEIGHT_NORM: 1.0, UPDATE_NORM: updates},
        layer={STD_OUT: np.geomspace(1, 1000, len(synth.LAYERS))},
        total={PREDICTION_STD: outputs},
    )
    table = run.layers
    assert table is not None
    late = Table(table.signals, table.steps[step:], table.wall_times[step:], table.values[step:])
    return replace(run, layers=late)


@pytest.mark.parametrize(("step", "first_update"), [(0, 1.0), (1, 1e-3)])
def test_what_is_multiplied_by_weights_as_they_began_tells_of_the_model(
    step: int, first_update: float
) -> None:
    found = multiplied(Facts(first_looked_at(step, first_update)))
    assert found is not None
    assert found.observed == pytest.approx(1000)


def test_what_is_multiplied_after_a_step_as_long_as_the_weights_does_not() -> None:
    assert multiplied(Facts(first_looked_at(1, 1.0))) is None


def test_after_such_a_step_the_outputs_before_it_tell() -> None:
    found = multiplied(Facts(first_looked_at(1, 1.0, outputs=900.0)))
    assert found is not None
    assert found.observed == pytest.approx(900)


@pytest.mark.parametrize(("first_loss", "is_found"), [(5000.0, True), (20.0, False)])
def test_or_the_first_loss_where_the_outputs_are_logits(first_loss: float, is_found: bool) -> None:
    loss = synth.flat(300)
    loss[0] = first_loss
    updates = np.ones((300, len(synth.SHAPES)))
    run = synth.run(loss=loss, parameter={WEIGHT_NORM: 1.0, UPDATE_NORM: updates})
    table = run.layers
    assert table is not None
    late = Table(table.signals, table.steps[1:], table.wall_times[1:], table.values[1:])
    assert (multiplied(Facts(replace(run, layers=late))) is not None) == is_found
