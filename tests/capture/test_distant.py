"""Whether a function that comes after a sum is pinned."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import lossmon
from lossmon.capture.between import graph_behind, number_of
from lossmon.capture.distant import distant_function, pinned_share
from lossmon.layersignals import SATURATED_SHARE


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


class _Cell(nn.Module):
    """An LSTM's step of bare parameters."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.1 * torch.randn(4, 32))
        self.bias = nn.Parameter(torch.full((32,), bias))

    def forward(self, x: Tensor) -> Tensor:
        write, keep, let, content = (x @ self.weight + self.bias).chunk(4, 1)
        state = write.sigmoid() * content.tanh() + keep.sigmoid()
        return let.sigmoid() * state.tanh()


@pytest.mark.parametrize(("bias", "share"), [(0.0, 0.0), (12.0, 0.8)])
def test_functions_inside_a_layer_of_the_scripts_own_are_looked_at(
    bias: float, share: float, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(_Cell(bias), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with lossmon.watch(model, optimizer, logdir=tmp_path):
        model(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()
    run = lossmon.read_run(tmp_path)
    assert run.meta is not None
    assert run.layers is not None
    assert run.meta.layers[0].settings["functions"] == 5
    # The state of a single step is below 2, and its tanh within reach.
    assert run.layers.column(SATURATED_SHARE)[0, 0] == pytest.approx(share)
