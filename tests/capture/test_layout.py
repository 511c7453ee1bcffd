from __future__ import annotations

import pytest
import torch
from torch import nn

from lossmon.capture.layout import (
    SAMPLED_ELEMENTS,
    plain_name,
    recordable,
    rows_of_model,
    sampled_count,
    sampled_stride,
)
from lossmon.capture.segments import Segments


@pytest.mark.parametrize("numel", [1, 4095, 4096, 4097, 6144, 8191, 8192, 12_289, 1_000_000])
def test_a_sample_has_the_announced_size_and_spans_the_tensor(numel: int) -> None:
    tensor = torch.arange(numel)
    (sample,) = Segments([tensor]).parts([tensor])
    assert len(sample) == sampled_count(numel) <= SAMPLED_ELEMENTS
    assert sample[-1] >= numel - sampled_stride(numel)
    assert numel <= SAMPLED_ELEMENTS or len(sample) > SAMPLED_ELEMENTS // 3


def test_a_stride_never_falls_in_step_with_a_power_of_two() -> None:
    assert all(sampled_stride(2**k) % 2 == 1 for k in range(10, 30))


@pytest.mark.parametrize(
    ("wrapped", "plain"),
    [
        ("module.fc.weight", "fc.weight"),
        ("_orig_mod.module.fc.weight", "fc.weight"),
        ("_forward_module.fc.weight", "fc.weight"),
        ("net._fsdp_wrapped_module.fc.weight", "net.fc.weight"),
        ("encoder.module.weight", "encoder.module.weight"),
    ],
)
def test_wrappers_leave_no_trace_in_a_name(wrapped: str, plain: str) -> None:
    assert plain_name(wrapped) == plain


def test_rows_keep_the_order_of_named_parameters_and_note_tied_names() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 3), nn.Linear(3, 5, bias=False))
    model[2].weight = model[0].weight
    rows = rows_of_model(model)
    assert [row.name for row in rows] == [name for name, _ in model.named_parameters()]
    assert rows[0].tied == ("2.weight",)


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (torch.ones(2), True),
        (torch.ones(0), False),
        (torch.ones(2, dtype=torch.int8), False),
        (torch.ones(2, dtype=torch.complex64), True),
        (torch.ones(2).to(torch.float8_e4m3fn), False),
        (torch.eye(2).to_sparse(), False),
        (torch.ones(2, device="meta"), False),
        (nn.UninitializedParameter(), False),
    ],
)
def test_only_materialised_numbers_are_recorded(tensor: torch.Tensor, expected: bool) -> None:
    assert recordable(tensor) is expected
