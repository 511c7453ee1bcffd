from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lossmon.capture.direction import fixed_direction
from lossmon.capture.fingerprint import Fingerprints

SHAPES = [(32, 10), (7,), (8, 3, 16, 16), (2, 100_000)]


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_batches_have_equal_prints_and_others_do_not(shape: tuple[int, ...]) -> None:
    prints = Fingerprints()
    batches = [torch.randn(shape) for _ in range(20)]
    first = [float(prints.of(batch)) for batch in batches]
    assert [float(prints.of(batch.clone())) for batch in batches] == first
    assert len(set(first)) == 20


def test_another_process_prints_the_same() -> None:
    batch = torch.randn(32, 10)
    assert Fingerprints().of(batch) == Fingerprints().of(batch)


def test_labels_in_another_order_print_another_number() -> None:
    labels = torch.arange(64) % 10
    prints = Fingerprints()
    assert prints.of(labels) != prints.of(labels.flip(0))


@pytest.mark.parametrize(
    "layout",
    [
        lambda t: t.contiguous(memory_format=torch.channels_last),
        lambda t: t.transpose(0, 1),
        lambda t: t[:, :, ::2],
        lambda t: t.expand(8, 3, 16, 16),
    ],
    ids=["channels last", "transposed", "sliced", "expanded"],
)
def test_batches_of_any_layout_have_prints_that_repeat(layout: object) -> None:
    arrange = layout
    assert callable(arrange)
    prints = Fingerprints()
    a, b = torch.randn(8, 3, 16, 16), torch.randn(8, 3, 16, 16)
    first: Tensor = prints.of(arrange(a))
    assert first == prints.of(arrange(a.clone()))
    assert first != prints.of(arrange(b))


def test_a_batch_that_is_not_finite_equals_no_other() -> None:
    batch = torch.full((3,), float("nan"))
    prints = Fingerprints()
    assert prints.of(batch) != prints.of(batch)


def test_the_direction_looks_random_and_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    direction = fixed_direction(4096, torch.device("cpu"))
    assert torch.equal(torch.get_rng_state(), before)
    assert abs(float(direction.mean())) < 0.05
    assert float(direction.std()) == pytest.approx(0.7, abs=0.05)
    assert len(direction.unique()) > 4000
    shifted = float((direction[1:] * direction[:-1]).mean() / direction.square().mean())
    assert abs(shifted) < 0.1
