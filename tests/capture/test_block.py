"""The arithmetic of a device is that of the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lossmon.capture.block import Block
from lossmon.capture.cuts import OUTPUT_ELEMENTS, cut, share_of
from lossmon.capture.slots import Slot, new_slot

LAYERS = (
    ("relu", False), ("relu", True), ("gelu", False), ("tanh", False), ("tanh", True),
    ("softmax", False), ("softmax", True), ("", False),
)  # fmt: skip


def slots() -> list[Slot]:
    found = []
    for row, (function, is_activation) in enumerate(LAYERS):
        share = share_of((32, 5 + row), -1, OUTPUT_ELEMENTS)
        assert share is not None
        slot = new_slot(row, share, torch.device("cpu"), is_input=False)
        slot.function, slot.is_activation = function, is_activation
        found.append(slot)
    return found


@pytest.mark.parametrize("missing", [None, 3])
def test_torch_and_numpy_say_the_same(missing: int | None) -> None:
    with_numpy, with_torch = Block(slots()), Block(slots(), numpy=False)
    for step in range(40):
        torch.manual_seed(step)
        for one, other in zip(with_numpy.slots, with_torch.slots, strict=True):
            if one.row != missing or step % 3:
                output = torch.randn(32, one.share.units) * 4 - 2
                output[:, 0] = -abs(output[:, 0]) if step < 30 else output[:, 0]
                one.take(output)
                other.take(output)
        fresh = with_numpy.fresh
        numbers, tensors = with_numpy.measure(fresh), with_torch.measure(fresh)
        assert isinstance(tensors, torch.Tensor)
        assert numbers[:, fresh] == pytest.approx(tensors.numpy()[:, fresh], rel=1e-4, abs=1e-6)
        for slot in (*with_numpy.slots, *with_torch.slots):
            slot.fresh = False
    counts = with_numpy.window_counts()
    assert counts == pytest.approx(with_torch.window_counts(), nan_ok=True)
    assert np.isnan(counts[-1])
    assert (counts[:-1] >= 512).all()


@pytest.mark.parametrize(
    "shape", [(32, 64), (7, 10), (8, 3, 5, 9), (3, 50, 700), (40,), (1, 1), (2, 4000), (6, 5, 1)]
)
@pytest.mark.parametrize("dim", [1, -1])
def test_elements_that_are_read_are_elements_of_the_output(
    shape: tuple[int, ...], dim: int
) -> None:
    output = torch.arange(float(torch.tensor(shape).prod())).reshape(shape)
    share = share_of(shape, dim if len(shape) > 1 else -1, OUTPUT_ELEMENTS)
    assert share is not None
    assert share.kept * share.samples <= OUTPUT_ELEMENTS
    for memory in (output, output.t().contiguous().t() if output.dim() == 2 else output):
        plan = cut(share, memory.shape, memory.stride())
        assert plan is not None
        for turn in range(9):
            read = plan.of(memory, turn).reshape(-1, share.kept)
            assert read.shape == (share.samples, share.kept)
            assert len(read.unique()) == read.numel()
            if len(shape) > 1:
                units = (
                    torch.arange(shape[dim])
                    .view([-1 if d == dim % len(shape) else 1 for d in range(len(shape))])
                    .expand(shape)
                )
                owner = units.reshape(-1)[read.long()]
                assert (owner == owner[0]).all()


def test_an_output_that_is_too_small_is_not_read() -> None:
    share = share_of((32, 8), -1, OUTPUT_ELEMENTS)
    assert share is not None
    assert cut(share, (16, 8), (8, 1)) is None
    assert cut(share, (32, 9), (9, 1)) is None
    assert cut(share, (32, 2, 8), (16, 8, 1)) is None
    assert share_of((0, 3), -1, OUTPUT_ELEMENTS) is None
    assert share_of((), -1, OUTPUT_ELEMENTS) is None
