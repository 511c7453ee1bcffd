from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import lossmon
from lossmon.records import Run
from lossmon.signals import (
    BACKWARDS,
    GRAD_ARRIVED,
    GRAD_NORM,
    GRAD_STALE,
    MODULE_RAN,
    UPDATE_NORM,
)


def loop(task: Any, *, clear: Callable[[], None], micro: int = 1, steps: int = 6) -> Any:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(steps):
            for part in range(micro):
                loss = task.loss(step * micro + part)
                if part == 0:
                    clear()
                loss.backward()
            task.optimizer.step()
            monitor.step(loss)

    return train


def test_a_gradient_that_nobody_clears_is_stale_from_the_second_step(
    task: Any, record: Callable[..., Run]
) -> None:
    run = record(task.model, task.optimizer, loop(task, clear=lambda: None))
    stale = run.parameters.column(GRAD_STALE)
    assert np.isnan(stale[0]).all()
    assert (stale[1:] == 1).all()


@pytest.mark.parametrize("to_none", [True, False])
def test_a_cleared_gradient_is_not_stale(
    to_none: bool, task: Any, record: Callable[..., Run]
) -> None:
    clear = lambda: task.optimizer.zero_grad(set_to_none=to_none)  # noqa: E731
    run = record(task.model, task.optimizer, loop(task, clear=clear))
    assert (run.parameters.column(GRAD_STALE)[1:] == 0).all()
    assert (run.parameters.column(GRAD_ARRIVED) == 1).all()


def test_accumulation_is_one_step_and_nothing_is_stale(
    task: Any, record: Callable[..., Run]
) -> None:
    run = record(task.model, task.optimizer, loop(task, clear=task.optimizer.zero_grad, micro=4))
    assert run.parameters.steps.tolist() == list(range(6))
    assert run.totals.column(BACKWARDS)[:, 0].tolist() == [4] * 6
    assert not (run.parameters.column(GRAD_STALE)[1:] == 1).any()
    assert (run.parameters.column(GRAD_ARRIVED) == 1).all()


def test_a_gradient_cleared_before_the_step_arrived_and_is_gone(
    task: Any, record: Callable[..., Run]
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(5):
            loss = task.loss(step)
            loss.backward()
            task.optimizer.zero_grad()
            task.optimizer.step()
            monitor.step(loss)

    run = record(task.model, task.optimizer, train)
    assert (run.parameters.column(GRAD_ARRIVED) == 1).all()
    assert np.isnan(run.parameters.column(GRAD_NORM)).all()
    assert (run.parameters.column(UPDATE_NORM) == 0).all()


def test_what_the_loss_does_not_reach_gets_no_gradient(record: Callable[..., Run]) -> None:
    trunk, head = nn.Linear(3, 3), nn.Linear(3, 1)
    model = nn.Sequential(trunk, head)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(4):
            optimizer.zero_grad()
            loss = head(trunk(torch.ones(2, 3)).detach()).square().mean()
            loss.backward()
            optimizer.step()
            monitor.step(loss)

    arrived = record(model, optimizer, train).parameters.column(GRAD_ARRIVED)
    assert arrived.tolist() == [[0, 0, 1, 1]] * 4


def test_modules_that_do_not_run_are_told_from_those_that_do(record: Callable[..., Run]) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.spare = nn.Linear(3, 1), nn.Linear(3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.used(x)

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.ones(2, 3)).sum().backward()
            optimizer.step()

    ran = record(model, optimizer, train).parameters.column(MODULE_RAN)
    assert ran[:3].tolist() == [[1, 1, 0, 0]] * 3
    assert np.isnan(ran[3:]).all()


def test_a_module_in_training_mode_without_gradients_is_told_from_one_in_eval_mode(
    record: Callable[..., Run],
) -> None:
    model = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3).eval(), nn.Linear(3, 1)])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            with torch.no_grad():
                features = model[1](model[0](torch.ones(2, 3)))
            model[2](features).sum().backward()
            optimizer.step()

    ran = record(model, optimizer, train).parameters.column(MODULE_RAN)
    assert ran.tolist() == [[0.5, 0.5, 0, 0, 1, 1]] * 3
