from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.untrained import is_untrained
from lossmon.signals import WEIGHT_NORM

MATRICES = np.array([True, False] * 3)
HE = np.array([(2 * 64) ** 0.5, 0, (2 * 64) ** 0.5, 0, (2 * 10) ** 0.5, 0])
ONE_STD = 0.01 * np.array([(64 * 32) ** 0.5, 0, 64, 0, 640**0.5, 0])


@pytest.mark.parametrize("norms", [synth.FIRST_NORMS, HE, ONE_STD], ids=["torch", "He", "one std"])
def test_norms_of_an_initialisation_are_known(norms: np.ndarray) -> None:
    facts = Facts(synth.run(parameter={WEIGHT_NORM: norms}))
    assert is_untrained(facts, MATRICES)


@pytest.mark.parametrize("index", [0, 2])
def test_one_matrix_that_has_grown_is_enough_to_doubt(index: int) -> None:
    norms = synth.FIRST_NORMS.copy()
    norms[index] *= 1.1
    facts = Facts(synth.run(parameter={WEIGHT_NORM: norms}))
    assert not is_untrained(facts, MATRICES)


def test_numbers_of_a_round_spread_are_of_an_initialisation_too() -> None:
    by_hand = np.array([0.1 * (64 * 32) ** 0.5, 0, (64 / 3) ** 0.5, 0, 0.02 * 640**0.5, 0])
    facts = Facts(synth.run(parameter={WEIGHT_NORM: by_hand}))
    assert is_untrained(facts, MATRICES)


def test_a_small_matrix_of_its_own_making_changes_nothing() -> None:
    norms = synth.FIRST_NORMS.copy()
    norms[4] *= 3
    facts = Facts(synth.run(parameter={WEIGHT_NORM: norms}))
    assert is_untrained(facts, MATRICES)


def test_of_few_elements_nothing_is_said() -> None:
    norms = np.array([(8 / 3) ** 0.5])
    facts = Facts(synth.run(shapes={"0.weight": (8, 32)}, parameter={WEIGHT_NORM: norms}))
    assert not is_untrained(facts, np.array([True]))


def test_of_no_parameter_nothing_is_said() -> None:
    assert not is_untrained(Facts(synth.run()), np.zeros(6, bool))
