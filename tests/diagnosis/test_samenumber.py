"""Whether batches that bear one number each have alike targets where the number is the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lossmon.diagnosis.samenumber import told_by_number

Floats = NDArray[np.float64]
COUNT = 48


def of_users(users: int, *, spread: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Return the numbers of users that come back, no spread, and targets that are up to them."""
    rng = np.random.default_rng(3)
    which = rng.integers(users, size=COUNT)
    targets = rng.normal(size=users)[which] + 0.1 * rng.normal(size=COUNT)
    return which.astype(float), np.full(COUNT, spread), targets[:, None]


def test_targets_that_are_up_to_the_number_are_told_by_it() -> None:
    assert told_by_number(*of_users(20)) > 3


def test_targets_of_which_the_number_says_nothing_are_not() -> None:
    numbers, spreads, targets = of_users(20)
    shuffled = np.random.default_rng(1).permutation(targets)
    assert abs(told_by_number(numbers, spreads, shuffled)) < 3


def test_classes_are_told_as_well() -> None:
    numbers, spreads, targets = of_users(20)
    shares = 1 / (1 + np.exp(-targets))
    assert told_by_number(numbers, spreads, np.hstack((shares, 1 - shares))) > 3


@pytest.mark.parametrize(
    "batches",
    [
        of_users(20, spread=0.5),
        of_users(100_000),
        of_users(2),
        tuple(values[:0] for values in of_users(20)),
    ],
    ids=["inputs differ within a batch", "nobody comes back", "there are two numbers", "no batch"],
)
def test_it_is_not_known_where(batches: tuple[Floats, Floats, Floats]) -> None:
    assert np.isnan(told_by_number(*batches))
