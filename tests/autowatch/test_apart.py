"""The order of a pass that begins with what is held out."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, RandomSampler, Sampler, TensorDataset

from lossmon.autowatch.apart import SHARE, Apart, give_back, put_apart

EXAMPLES = 100
DATA = TensorDataset(torch.arange(EXAMPLES))


class Endless(Sampler[int]):
    """Draws from now on to eternity."""

    def __iter__(self) -> Iterator[int]:
        while True:
            yield from torch.randperm(EXAMPLES).tolist()

    def __len__(self) -> int:
        return EXAMPLES


class Unsized(Sampler[int]):
    """A pass of which nobody knows how long it is."""

    def __iter__(self) -> Iterator[int]:
        return iter(range(EXAMPLES))


@pytest.mark.parametrize(
    "numbers", [list(range(EXAMPLES)), np.arange(EXAMPLES), torch.arange(EXAMPLES)]
)
def test_what_is_held_out_comes_first_whatever_its_numbers_are_made_of(numbers: Any) -> None:
    apart = Apart(numbers, EXAMPLES, 10)
    order = [int(each) for each in apart]
    assert order[: apart.first] == sorted(apart.chosen)
    assert len(apart.chosen) == SHARE * EXAMPLES
    assert sorted(order) == list(range(EXAMPLES))


def test_what_is_no_number_is_left_in_its_order() -> None:
    given = [("a", each) for each in range(EXAMPLES)]
    apart = Apart(given, EXAMPLES, 10)
    assert list(apart) == given
    assert not apart.first


def test_a_sampler_that_never_ends_is_left_as_it_is() -> None:
    apart = Apart(Endless(), EXAMPLES, 10)
    torch.manual_seed(0)
    order = list(islice(apart, 250))
    torch.manual_seed(0)
    assert order == list(islice(Endless(), 250))
    assert not apart.first


@pytest.mark.parametrize(("examples", "batch_size"), [(20, 32), (40, 32), (3, 100)])
def test_no_more_than_a_fifth_is_held_out_where_examples_are_drawn_again(
    examples: int, batch_size: int
) -> None:
    assert len(Apart(range(640), examples, batch_size).chosen) == max(1, SHARE * examples // 1)


def test_copies_and_pickles_are_of_the_scripts_own_sampler() -> None:
    loader = DataLoader(DATA, batch_size=10, shuffle=True)
    assert put_apart(loader) == ""
    written = pickle.dumps(loader)
    assert b"lossmon" not in written
    for other in (copy.deepcopy(loader), pickle.loads(written)):
        assert type(other.batch_sampler.sampler) is RandomSampler


def test_it_is_taken_away_again() -> None:
    loader = DataLoader(DATA, batch_size=10, shuffle=True)
    own = loader.batch_sampler.sampler
    put_apart(loader)
    assert loader.batch_sampler.sampler is not own
    give_back(loader)
    assert loader.batch_sampler.sampler is own


def test_a_pass_of_unknown_length_is_not_touched() -> None:
    loader = DataLoader(DATA, batch_size=10, sampler=Unsized())
    assert "how many examples a pass has" in put_apart(loader)
    assert isinstance(loader.batch_sampler.sampler, Unsized)
