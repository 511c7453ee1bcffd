from __future__ import annotations

import torch
from torch import nn

from lossmon.capture.units import UnitMeter, fingerprinted, has_units


def share(weight: torch.Tensor) -> float:
    return float(UnitMeter().distinct_share(weight))


def test_ordinary_initialisations_have_only_distinct_units() -> None:
    torch.manual_seed(0)
    assert share(nn.Linear(10, 64).weight) == 1
    assert share(nn.Conv2d(3, 16, 3).weight) == 1


def test_copies_count_once() -> None:
    assert share(torch.ones(64, 10)) == 1 / 64
    assert share(torch.zeros(64, 10)) == 1 / 64
    assert share(torch.randn(4, 10).repeat(16, 1)) == 4 / 64


def test_units_are_compared_at_powers_of_two_early_on() -> None:
    assert [s for s in range(40) if fingerprinted(s)] == [0, 1, 2, 4, 8, 16, 32]
    assert not fingerprinted(8192)


def test_vectors_and_single_rows_have_no_units_to_compare() -> None:
    assert not has_units(torch.zeros(5))
    assert not has_units(torch.zeros(1, 5))


def test_the_global_random_state_is_left_alone() -> None:
    state = torch.get_rng_state()
    share(torch.randn(8, 8, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(state, torch.get_rng_state())
