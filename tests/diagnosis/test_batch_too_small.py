"""What its cases cannot show: a window of which few steps were sampled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import CLEAR, Found, Outcome, Skipped
from lossmon.diagnosis.rules.batch_too_small import check
from lossmon.diagnosis.synthnorms import normed, probed_in_both
from lossmon.records import Mark, Run
from lossmon.signals import GRAD_DOT_PREV, GRAD_NORM, UPDATE_DOT_PREV, UPDATE_NORM

STEPS = 600
SHORT, LONGER, LONG = 0.01, 0.15, 0.5


def _sampled_seldom(early: float, late: list[float]) -> Run:
    """Return a run whose first 200 steps were sampled, and then pairs of steps here and there."""
    at = np.r_[np.arange(200), (np.arange(400, STEPS, 50)[:, None] + [0, 1]).ravel()]
    updates = np.full(STEPS, early)
    updates[at[200:]] = late
    shape = (STEPS, len(synth.SHAPES))
    run = synth.run(
        STEPS,
        loss=synth.flat(STEPS, at=1.8),
        total={BATCH_SIZE: 2.0, TARGET_COUNT: 2.0},
        parameter={
            GRAD_DOT_PREV: np.random.default_rng(5).normal(0, 0.1, shape),
            UPDATE_NORM: np.broadcast_to(updates[:, None], shape),
            UPDATE_DOT_PREV: 0.0,
        },
    )
    assert run.parameters is not None
    few = replace(run.parameters, steps=at, values=run.parameters.values[at])
    return replace(run, parameters=few)


@pytest.mark.parametrize(
    ("early", "late", "is_found"),
    [
        (LONG, [LONG] * 8, True),
        (SHORT, [SHORT] * 8, False),
        (SHORT, [LONGER] * 8, True),  # steps have grown since most were sampled
        (SHORT, [4 * LONG, *[SHORT] * 7], False),  # one hard example is no noise that lasts
    ],
    ids=["long", "short", "grown", "once"],
)
def test_few_steps_of_the_window_count_where_they_are_surely_longer_than_older_ones(
    early: float, late: list[float], is_found: bool
) -> None:
    outcome = check(Facts(_sampled_seldom(early, late)))
    assert isinstance(outcome, Found) if is_found else outcome == CLEAR


@pytest.mark.parametrize(("noise", "is_found"), [(0.026, False), (0.029, False), (0.032, True)])
def test_where_nearly_all_is_learnt_noise_has_to_matter_beside_what_there_was_to_learn(
    noise: float, is_found: bool
) -> None:
    def held(update: float) -> Facts:
        shape = (300, len(synth.SHAPES))
        dots = np.random.default_rng(5).normal(0, 0.1, shape)
        return Facts(
            synth.run(
                loss=synth.flat(300, at=0.118 * synth.PRIOR, noise=1e-3),
                total={BATCH_SIZE: 2.0, TARGET_COUNT: 2.0},
                parameter={GRAD_DOT_PREV: dots, UPDATE_NORM: update, UPDATE_DOT_PREV: 0.0},
            )
        )

    gradient = held(1.0).parameter(GRAD_NORM, held(1.0).rows).sum(axis=1).mean()
    outcome = check(held(4 * noise * synth.PRIOR / float(gradient)))
    assert isinstance(outcome, Found) == is_found


def test_a_probe_tells_whether_the_noise_is_that_of_batch_statistics_of_two_series() -> None:
    shape = (300, len(synth.SHAPES))
    noisy = {
        GRAD_DOT_PREV: np.random.default_rng(5).normal(0, 0.1, shape),
        UPDATE_NORM: np.full(shape, 0.5),
        UPDATE_DOT_PREV: np.full(shape, 0.125),
    }
    parts = {BATCH_SIZE: 2.0, TARGET_COUNT: 60.0}

    def outcome(*marks: Mark, values: float = 60.0) -> Outcome:
        loss, layers = synth.flat(300, at=1.1), normed(values=values)
        run = synth.run(loss=loss, layers=layers, total=parts, parameter=noisy, marks=marks)
        return check(Facts(run))

    assert isinstance(outcome(), Skipped)
    assert isinstance(outcome(probed_in_both(1.1, 1.1)), Found)
    assert isinstance(outcome(values=0.0), Found)
