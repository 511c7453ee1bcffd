from __future__ import annotations

import torch
from torch import nn

from lossmon.autowatch.models import find_model


def test_a_list_of_models_is_not_one_model() -> None:
    nets = nn.ModuleList([nn.Linear(2, 1), nn.Linear(2, 1)])
    found = find_model(nets[1].parameters(), [*nets, nets])
    assert found is not None
    assert found.modules == (nets[1],)


def test_a_list_inside_a_model_is_looked_through() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 1)])

    net = Net()
    found = find_model(net.layers[1].parameters(), [*net.layers, net.layers, net])
    assert found is not None
    assert found.name == "Net"
    assert found.rows[0].name == "layers.0.weight"


def test_leaves_without_a_module_are_named_by_number() -> None:
    found = find_model([torch.zeros(2, requires_grad=True)], [])
    assert found is not None
    assert [row.name for row in found.rows] == ["tensor0"]


def test_no_leaf_is_no_model() -> None:
    assert find_model([], []) is None


def test_of_two_models_that_share_a_part_the_one_that_is_reached_is_found() -> None:
    trunk = nn.Linear(2, 2)
    old, new = nn.Sequential(trunk, nn.Linear(2, 1)), nn.Sequential(trunk, nn.Linear(2, 3))
    found = find_model(new.parameters(), [trunk, old[1], old, new[1], new])
    assert found is not None
    assert found.modules == (new,)
