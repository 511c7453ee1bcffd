"""Scale and range of inputs, against the same in plain numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lossmon.batchsignals import INPUT_SIGNALS
from lossmon.capture.inputs import InputMeter, main_input, tensors_among


def measured(meter: InputMeter, batch: Tensor) -> dict[str, float]:
    values = meter.measure(batch).tolist()
    return dict(zip((signal.name for signal in INPUT_SIGNALS), values, strict=True))


@pytest.mark.parametrize("shape", [(40, 6), (40,), (8, 3, 5, 5), (4, 7, 9)])
def test_one_batch_has_the_mean_and_range_of_its_elements(shape: tuple[int, ...]) -> None:
    batch = 3 * torch.randn(shape) + 2
    values, x = measured(InputMeter(), batch), batch.double().numpy()
    assert values["input_mean"] == pytest.approx(x.mean(), rel=1e-4)
    assert values["input_std"] == pytest.approx(x.std(), rel=1e-4)
    assert values["input_low"] == pytest.approx(x.min())
    assert values["input_high"] == pytest.approx(x.max())
    assert values["input_nonfinite"] == 0


def test_offset_and_scales_are_pooled_over_batches() -> None:
    scale, offset = torch.tensor([1.0, 10.0, 100.0]), torch.tensor([0.0, 50.0, -1000.0])
    data = torch.randn(300, 3) * scale + offset
    meter = InputMeter()
    for start in range(0, 300, 50):
        values = measured(meter, data[start : start + 50])
    x = data.double().numpy()
    assert values["input_offset"] == pytest.approx((abs(x.mean(0)) / x.std(0)).mean(), rel=1e-4)
    assert values["input_scale_spread"] == pytest.approx(np.log(x.std(0)).std(), rel=1e-4)


def test_a_feature_is_constant_only_while_it_has_never_differed() -> None:
    meter = InputMeter()
    first = torch.randn(10, 4)
    first[:, :2] = 5.0
    assert measured(meter, first)["input_constant_share"] == 0.5
    second = torch.randn(10, 4)
    second[:, 0], second[:, 1] = 5.0, 6.0
    values = measured(meter, second)
    assert values["input_constant_share"] == 0.25
    assert math.isfinite(values["input_offset"])


def test_values_that_are_not_finite_are_counted_and_shown() -> None:
    batch = torch.randn(8, 2)
    batch[0, 0], batch[1, 1] = math.nan, math.inf
    values = measured(InputMeter(), batch)
    assert values["input_nonfinite"] == 2
    assert math.isnan(values["input_mean"])


def test_inputs_where_nothing_varies_have_no_offset() -> None:
    values = measured(InputMeter(), torch.zeros(4, 3))
    assert values["input_constant_share"] == 1
    assert math.isnan(values["input_offset"])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float64, torch.bfloat16])
def test_inputs_of_any_type_are_looked_at(dtype: torch.dtype) -> None:
    values = measured(InputMeter(), torch.arange(12).reshape(4, 3).to(dtype))
    assert (values["input_low"], values["input_high"], values["input_mean"]) == (0, 11, 5.5)


def test_a_large_batch_is_looked_at_in_part() -> None:
    values = measured(InputMeter(), torch.randn(64, 3, 100, 100) + 4)
    assert values["input_mean"] == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize(
    ("args", "kwargs", "places", "main"),
    [
        ((torch.zeros(2, 3),), {}, ["0"], "0"),
        ((torch.zeros(2, 3).long(), torch.zeros(2, 5)), {}, ["0", "1"], "1"),
        ((), {"input_ids": torch.zeros(2, 3).long(), "flag": True}, ["input_ids"], "input_ids"),
        (({"x": torch.zeros(2), "y": [torch.zeros(3)]},), {}, ["0.x", "0.y.0"], "0.x"),
        ((3, "text", None), {}, [], None),
        ((torch.zeros(0, 3), torch.tensor(1.0)), {}, ["0", "1"], None),
        ((torch.zeros(2, 3, device="meta"),), {}, [], None),
        ((torch.zeros(2, dtype=torch.complex64), torch.ones(2)), {}, ["0", "1"], "1"),
    ],
)
def test_the_main_input_is_the_first_with_numbers_else_the_first_of_indices(
    args: tuple[Any, ...], kwargs: dict[str, Any], places: list[str], main: str | None
) -> None:
    found = tensors_among(args, kwargs)
    assert [place for place, _ in found] == places
    chosen = main_input(found)
    assert chosen is (None if main is None else dict(found)[main])


def test_no_more_than_a_few_tensors_are_looked_through() -> None:
    assert len(tensors_among(([torch.zeros(1)] * 1000,), {})) == 16
