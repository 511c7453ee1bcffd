"""Whether a function that comes after a sum is pinned."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lossmon.capture.between import graph_behind, number_of
from lossmon.capture.distant import distant_function, pinned_share


def _layers() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    x = torch.randn(32, 8)
    return nn.Linear(8, 16)(x), nn.Linear(8, 16)(x)


def _number(tensor: Tensor) -> int:
    assert tensor.grad_fn is not None
    number = number_of(tensor.grad_fn)
    assert number is not None
    return number


@pytest.mark.parametrize(("scale", "low", "high"), [(1.0, 0.0, 0.0), (1000.0, 0.9, 1.0)])
def test_the_tanh_of_a_sum_is_found_and_its_pinned_share_known(
    scale: float, low: float, high: float
) -> None:
    own, other = _layers()
    graph = graph_behind([torch.tanh(scale * own + scale * other).sum()])
    node = distant_function(graph, _number(own), {_number(own), _number(other)})
    share = pinned_share(node)
    assert share is not None
    assert low <= float(share) <= high


def test_a_function_behind_another_layer_or_another_function_is_not_its_own() -> None:
    own, other = _layers()
    behind = nn.Linear(16, 4)(own + other)
    others = {_number(own), _number(other), _number(behind)}
    assert distant_function(graph_behind([behind.sigmoid().sum()]), _number(own), others) is None
    relu = graph_behind([torch.sigmoid(torch.relu(own + other)).sum()])
    assert distant_function(relu, _number(own), others) is None
