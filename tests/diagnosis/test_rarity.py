"""Which classes are common, and how many of the labels of the others are found."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import FOUND_COUNTS, LABEL_COUNTS
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rarity import crowd, rarity, share_of_constant
from lossmon.signals import Signal


def counted(labels: list[float], found: list[list[float]]) -> Facts:
    """Return a run whose batches have these labels, of which those of each third are found."""
    counts: dict[Signal, object] = dict.fromkeys((*LABEL_COUNTS, *FOUND_COUNTS), 0.0)
    counts |= dict(zip(LABEL_COUNTS, labels, strict=False))
    by_step = np.repeat(np.array(found), 100, axis=0)
    counts |= dict(zip(FOUND_COUNTS, by_step.T, strict=False))
    return Facts(synth.run(total=counts))


@pytest.mark.parametrize(
    ("labels", "common"),
    [
        ([90, 4, 3, 3], [0]),
        ([45, 50, 2, 1, 2], [0, 1]),
        ([25, 25, 25, 25], [0]),
        ([50, 50], [0]),
        ([50, 50, 0, 0], [0]),
        ([60, 20, 10, 10], [0]),
    ],
    ids=["one", "two", "balanced", "two of two", "two of which are all", "a tail"],
)
def test_common_are_those_that_outnumber_all_others_tenfold(
    labels: list[float], common: list[int]
) -> None:
    assert np.flatnonzero(crowd(np.array(labels, float), len(labels))).tolist() == common


def test_classes_that_share_bins_have_one_that_is_common() -> None:
    assert crowd(np.array([50.0, 49.0, *[0.1] * 14]), classes=40).sum() == 1


def test_rare_labels_are_passed_by_where_the_common_class_is_known_and_they_are_not_found() -> None:
    facts = counted([56, 4, 4], [[56, 0, 0], [56, 0, 0], [55, 1, 1]])
    seen = rarity(facts, np.arange(16) == 0)
    assert seen is not None
    assert seen.is_passed_by
    assert seen.common == pytest.approx(56 / 64)
    assert 0 < seen.found < seen.lately


@pytest.mark.parametrize(
    "found",
    [[[56, 0, 0], [56, 0, 0], [56, 3, 3]], [[0, 0, 0], [20, 0, 0], [40, 0, 0]]],
    ids=["the rare ones are found by now", "the common one is not known either"],
)
def test_they_are_not_passed_by(found: list[list[float]]) -> None:
    seen = rarity(counted([56, 4, 4], found), np.arange(16) == 0)
    assert seen is not None
    assert not seen.is_passed_by


def test_of_a_few_rare_labels_nothing_is_said() -> None:
    assert rarity(counted([64, 0, 0], [[64, 0, 0]] * 3), np.arange(16) == 0) is None


@pytest.mark.parametrize("share", [0.6, 0.9, 0.99])
def test_how_often_a_constant_is_right_follows_from_its_loss(share: float) -> None:
    prior = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert share_of_constant(float(prior)) == pytest.approx(share, abs=1e-3)


def test_a_prior_that_is_not_known_makes_no_share_of_one() -> None:
    assert 0.5 <= share_of_constant(float("nan")) < 1
