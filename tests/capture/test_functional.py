"""What functional dropout and batch norm behind a layer do, read from the graph."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.capture.between import graph_behind, number_of
from lossmon.capture.functional import functional_settings


def _settings(follows: Callable[[Tensor], Tensor]) -> dict[str, float]:
    torch.manual_seed(0)
    output = nn.Linear(8, 64)(torch.randn(32, 8))
    assert output.grad_fn is not None
    number = number_of(output.grad_fn)
    assert number is not None
    return functional_settings(graph_behind([follows(output).sum()]), number, {number})


@pytest.mark.parametrize("p", [0.3, 0.9])
def test_functional_dropout_behind_a_function_is_read(p: float) -> None:
    assert _settings(lambda x: F.dropout(torch.relu(x), p)) == {"p": pytest.approx(p)}


def test_a_mask_of_ones_own_whose_rest_is_scaled_up_is_dropout() -> None:
    own = _settings(lambda x: x * (torch.rand_like(x) < 0.1) / 0.1)
    assert own == {"p": pytest.approx(0.9)}


@pytest.mark.parametrize(
    "follows",
    [
        lambda x: x * (torch.rand_like(x) < 0.1),
        lambda x: x * (x > 0),
        lambda x: x * torch.ones(64),
        lambda x: 2 * x * (torch.arange(64) % 2).expand(32, 64),
        lambda x: F.dropout(x, 0.9, training=False),
        lambda x: x * torch.rand_like(x),
        lambda x: F.dropout(nn.Linear(64, 4)(x), 0.9),
    ],
)
def test_masks_that_drop_nothing_at_random_are_not_dropout(
    follows: Callable[[Tensor], Tensor],
) -> None:
    assert _settings(follows) == {}


def test_functional_batch_norm_tells_how_many_values_it_takes() -> None:
    assert _settings(lambda x: F.batch_norm(x, None, None, training=True)) == {"values": 32.0}


def test_statistics_that_are_handed_over_are_no_batch_statistics() -> None:
    mean, var = torch.zeros(64), torch.ones(64)
    assert _settings(lambda x: F.batch_norm(x, mean, var)) == {}
