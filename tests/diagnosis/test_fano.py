from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.batchsignals import ACCURACY
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.fano import Errors, errors
from lossmon.signals import CLASS_COUNT, CRITERION_LOSS, Signal

OF_CHANCE = -0.6 * math.log(0.6) - 0.4 * math.log(0.4 / 9)
"""Loss of a model that is 60 % sure of a class, and of no other more than of the rest."""


def facts(total: dict[Signal, float]) -> Facts:
    return Facts(synth.run(steps=300, total={ACCURACY: 0.6, CRITERION_LOSS: OF_CHANCE, **total}))


def test_labels_of_chance_meet_the_bound() -> None:
    found = errors(facts({}), since=100)
    assert found is not None
    assert found.share == pytest.approx(1)
    assert (found.first_step, found.last_step) == (100, 299)
    assert found.targets == 64 * 200


def test_a_model_that_is_surer_of_some_stays_below_it() -> None:
    found = errors(facts({CRITERION_LOSS: 0.9}), since=0)
    assert found is not None
    assert found.share < 0.7


@pytest.mark.parametrize(
    "total",
    [{ACCURACY: np.nan}, {CLASS_COUNT: np.nan}, {CLASS_COUNT: 2.0}, {ACCURACY: 1.0}],
    ids=str,
)
def test_without_errors_or_several_classes_nothing_is_said(total: dict[Signal, float]) -> None:
    assert errors(facts(total), since=0) is None


def test_of_few_targets_nothing_is_said() -> None:
    assert errors(facts({}), since=299) is None


@pytest.mark.parametrize(
    ("share", "explained", "targets", "is_met"),
    [
        (0.97, 0.5, 200, True),
        (0.95, 0.5, 200, False),
        (0.97, 0.12, 2000, False),
        (0.99, 0.12, 2000, True),
        (0.99, 0.12, 200, False),
        (1.01, 0.23, 176, True),
    ],
    ids=[
        "near enough",
        "too far",
        "as near as any little is",
        "nearer than that",
        "of too few targets",
        "of few targets, but nearer",
    ],
)
def test_where_little_is_explained_more_targets_and_a_nearer_bound_are_asked_for(
    share: float, explained: float, targets: float, is_met: bool
) -> None:
    errors = Errors(0.6, share, 1.0, targets, 0, 99)
    assert errors.is_met(explained) is is_met
