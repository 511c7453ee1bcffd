"""Parameters that come, go, are replaced, shared, frozen or not there yet."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lossmon import signals
from lossmon.diagnosis.engine import diagnose
from lossmon.records import Run

STEPS = 4


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)


def changes(run: Run) -> list[tuple[int, int]]:
    """Return step and number of every change of parameters that was noted."""
    return [(m.step, m.detail["count"]) for m in run.marks if m.kind == "parameters"]


def no_fault(run: Run) -> bool:
    return not [finding for finding in diagnose(run).findings if finding.severity != "info"]


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(x).mean(1))


def test_tied_weights_are_one_parameter_with_the_gradient_of_both_uses(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = Tied()
        optimizer = sgd(model)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            x = torch.randint(0, 7, (8, 3))
            side.step(model, optimizer, nn.functional.cross_entropy(model(x), x[:, 0]))
        return model, optimizer

    (run,) = twice(train)
    assert [(p.name, p.tied) for p in run.meta.parameters] == [("embed.weight", ("head.weight",))]


def test_frozen_parameters_are_known_as_such_and_unfreezing_is_no_fault(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        model[0].requires_grad_(False)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for step in range(120):
            model[0].requires_grad_(step >= 60)
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    (run,) = twice(train)
    assert all(p.requires_grad for p in run.meta.parameters)
    arrived = run.parameters.column(signals.GRAD_ARRIVED)
    assert arrived[:60, :2].max() == 0
    assert arrived[60:].min() == 1
    assert no_fault(run)


def test_freezing_is_no_fault(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for step in range(120):
            model[0].requires_grad_(step < 60)
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    (run,) = twice(train)
    assert [p.requires_grad for p in run.meta.parameters] == [False, False, True, True]
    assert no_fault(run)


def test_a_group_added_later_is_measured_from_its_first_step(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model[3].parameters(), lr=0.1)
        side.watch(model, optimizer)
        for step in range(2 * STEPS):
            if step == STEPS:
                optimizer.add_param_group({"params": model[0].parameters(), "lr": 0.01})
            model.zero_grad()
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    (run,) = twice(train)
    assert [p.group for p in run.meta.parameters] == [1, 1, 0, 0]
    moved = run.parameters.column(signals.UPDATE_NORM)[:, 0] > 0
    assert moved.tolist() == [False] * STEPS + [True] * STEPS


def test_a_layer_added_later_has_rows_from_then_on(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = sgd(model)
        side.watch(model, optimizer)
        for step in range(2 * STEPS):
            if step == STEPS:
                model.append(nn.Linear(3, 3))
                optimizer.add_param_group({"params": model[4].parameters()})
            side.step(model, optimizer, side.loss(model), unclipped=False)
        return model, optimizer

    (run,) = twice(train)
    assert [p.name for p in run.meta.parameters][-2:] == ["4.weight", "4.bias"]
    assert changes(run) == [(STEPS, 2)]


def test_a_head_that_is_replaced_with_its_optimizer_goes_on_under_its_name(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = sgd(model)
        side.watch(model, optimizer)
        for step in range(2 * STEPS):
            if step == STEPS:
                model[3] = nn.Linear(8, 4)
                optimizer = sgd(model)
            side.step(model, optimizer, side.loss(model), unclipped=False)
        return model, optimizer

    (run,) = twice(train)
    assert run.meta.parameters[2].shape == (4, 8)
    assert changes(run) == [(STEPS, 2)]


@pytest.mark.parametrize("early", [True, False])
def test_a_checkpoint_loaded_by_assignment_replaces_every_parameter(
    early: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        kept = copy.deepcopy(model.state_dict())
        optimizer = sgd(model)
        side.watch(model, optimizer)
        for step in range(40):
            if step == (0 if early else 35):
                model.load_state_dict(copy.deepcopy(kept), assign=True)
                optimizer = sgd(model)
            side.step(model, optimizer, side.loss(model), unclipped=False)
        return model, optimizer

    (run,) = twice(train)
    assert changes(run) == [(0 if early else 35, 4)]


def test_an_optimizer_left_with_replaced_parameters_is_seen_to_move_nothing(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = sgd(model)
        side.watch(model, optimizer)
        for step in range(2 * STEPS):
            if step == STEPS:
                model.load_state_dict(copy.deepcopy(model.state_dict()), assign=True)
            side.step(model, optimizer, side.loss(model), unclipped=False)
        return model, optimizer

    (run,) = twice(train)
    assert [p.group for p in run.meta.parameters] == [-1] * 4
    assert [group.foreign for group in run.meta.groups] == [4]
    assert (run.parameters.column(signals.UPDATE_NORM)[STEPS:] == 0).all()


@pytest.mark.parametrize("all_lazy", [True, False])
def test_lazy_modules_are_measured_from_their_first_step(
    all_lazy: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        first = nn.LazyLinear(8) if all_lazy else nn.Linear(6, 8)
        model = nn.Sequential(first, nn.Tanh(), nn.LazyLinear(3))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model), unclipped=False)
        return model, optimizer

    (run,) = twice(train)
    assert len(run.meta.parameters) == 4


def test_a_model_built_on_the_meta_device_is_measured_once_it_is_there(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        with torch.device("meta"):
            model = side.classifier()
        side.watch(model)
        model.to_empty(device="cpu")
        for parameter in model.parameters():
            nn.init.normal_(parameter)
        optimizer = sgd(model)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model), unclipped=False)
        return model, optimizer

    (run,) = twice(train)
    assert len(run.meta.parameters) == 4


def test_weights_swapped_in_and_out_leave_the_rows_as_they_were(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = sgd(model)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            for parameter in model.parameters():
                parameter.data = parameter.data.clone()
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    (run,) = twice(train)
    assert changes(run) == []


def test_a_parametrization_is_measured_by_what_it_is_made_of(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        nn.utils.parametrizations.weight_norm(model[0])
        optimizer = sgd(model)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    (run,) = twice(train)
    assert np.isfinite(run.parameters.column(signals.GRAD_NORM)).all()
