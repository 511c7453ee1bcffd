"""How steep the loss is at first, in the units in which it is recorded."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import Found
from lossmon.diagnosis.rules.exploding_gradient import RULE
from lossmon.diagnosis.steepness import steepness
from lossmon.layersignals import STD_IN
from lossmon.signals import (
    CRITERION_LOSS,
    GRAD_NORM,
    PRIOR_LOSS,
    TOTAL_GRAD_NORM,
    UNCLIPPED_NORM,
    WEIGHT_NORM,
)

SLOPES = np.sqrt(len(synth.SHAPES))


@pytest.mark.parametrize("sums", [1, 64])
def test_a_loss_that_is_a_share_of_a_sum_is_held_against_the_same_share_of_the_prior(
    sums: int,
) -> None:
    loss = synth.flat(300)
    run = synth.run(
        loss=loss,
        total={CRITERION_LOSS: sums * loss, PRIOR_LOSS: sums * synth.PRIOR},
        parameter={GRAD_NORM: 200.0, UNCLIPPED_NORM: 200.0, WEIGHT_NORM: 10.0},
    )
    assert Facts(run).constant_loss == pytest.approx(synth.PRIOR, rel=1e-3)
    first = steepness(Facts(run))
    assert first is not None
    assert first.slope == pytest.approx(2000 * SLOPES)
    assert first.is_steep


def test_a_clipped_gradient_counts_as_it_was_before() -> None:
    run = synth.run(parameter={GRAD_NORM: 0.1, UNCLIPPED_NORM: 500.0, WEIGHT_NORM: 1.0})
    first = steepness(Facts(run))
    assert first is not None
    assert first.norm == pytest.approx(500 * SLOPES)
    assert first.is_steep
    assert first.is_clipped


@pytest.mark.parametrize(("explained", "severity"), [(0.4, "info"), (0.0, "error")])
def test_a_steep_gradient_that_was_clipped_is_a_note_where_something_was_learned(
    explained: float, severity: str
) -> None:
    run = synth.run(
        loss=synth.flat(300, at=(1 - explained) * synth.PRIOR),
        parameter={GRAD_NORM: 0.1, UNCLIPPED_NORM: 500.0, WEIGHT_NORM: 1.0},
        scalar={TOTAL_GRAD_NORM: np.full(300, 0.25)},
    )
    found = RULE.check(Facts(run))
    assert isinstance(found, Found)
    assert found.severity == severity


def test_a_run_whose_first_step_was_not_looked_at_has_no_first_slope() -> None:
    assert steepness(Facts(synth.scalars_only(synth.flat(300)))) is None


@pytest.mark.parametrize(("inputs", "steep"), [(np.nan, True), (1.0, False)])
def test_a_loss_far_above_a_constants_from_the_start_is_held_against_that_where_no_layer_enlarges(
    inputs: float, steep: bool
) -> None:
    run = synth.run(
        loss=synth.flat(300, at=1000 * synth.PRIOR),
        parameter={GRAD_NORM: 1000.0, WEIGHT_NORM: 10.0},
        layer={STD_IN: inputs},
    )
    first = steepness(Facts(run))
    assert first is not None
    assert first.is_steep is steep
