"""What its cases cannot show: where a probe is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import CLEAR, Undecided
from lossmon.diagnosis.rules.label_noise import check
from lossmon.signals import CONFIDENCE_STD, GRAD_DOT_PREV, PREDICTION_ENTROPY, Signal

TIME = np.arange(400) / 400
CREEPS = 1.4 + np.exp(-20 * TIME) - 0.15 * TIME + synth.flat(400, at=0, noise=0.005)
PUSHED, DRIFTING = 0.05, 0.0


def creeping(
    agreement: float, *, lowered: float = 0.0, total: dict[Signal, float] | None = None
) -> Facts:
    """Return a run whose loss creeps with gradients that agree so much."""
    shape = (400, len(synth.SHAPES))
    dots = np.random.default_rng(5).normal(agreement, 0.1, shape)
    return Facts(
        synth.run(
            400,
            loss=CREEPS - lowered,
            parameter={GRAD_DOT_PREV: dots},
            total={CONFIDENCE_STD: 0.3, **(total or {})},
        )
    )


def test_a_loss_that_creeps_though_no_gradients_push_it_is_at_a_floor_that_a_probe_tells() -> None:
    assert isinstance(check(creeping(DRIFTING)), Undecided)


@pytest.mark.parametrize(
    ("agreement", "lowered"), [(PUSHED, 0.0), (DRIFTING, 1.0)], ids=["pushed", "little is left"]
)
def test_otherwise_a_loss_that_creeps_may_creep_on(agreement: float, lowered: float) -> None:
    assert check(creeping(agreement, lowered=lowered)) is CLEAR


@pytest.mark.parametrize(
    "total", [{TARGET_COUNT: 640.0}, {PREDICTION_ENTROPY: np.nan}], ids=["words", "no classes"]
)
def test_where_nothing_says_that_chance_is_no_part_of_it_a_loss_may_creep_on(
    total: dict[Signal, float],
) -> None:
    assert check(creeping(DRIFTING, total=total)) is CLEAR


@pytest.mark.parametrize(("noise", "is_asked"), [(0.5, True), (0.24, False)])
def test_of_a_regression_at_rest_whose_gradients_agree_a_probe_tells_where_few_targets_are_far_off(
    noise: float, is_asked: bool
) -> None:
    run = synth.run(
        loss=synth.flat(300, at=1.4, noise=noise),
        parameter={GRAD_DOT_PREV: 0.3},
        marks=(synth.criterion(name="mse_loss", target_dtype="float32"),),
    )
    assert isinstance(check(Facts(run)), Undecided) is is_asked
