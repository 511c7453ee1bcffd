"""What counts as a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import lossmon
from lossmon.capture.ticks import MAX_TICKS
from lossmon.records import Run
from lossmon.signals import (
    GRAD_NORM,
    LOSS,
    OPTIMIZER_STEPS,
    TOTAL_UPDATE_RATIO,
    UPDATE_DOT_PREV,
    UPDATE_NORM,
)


@pytest.mark.parametrize("passes", [5, MAX_TICKS + 20])
def test_where_no_optimizer_ever_steps_a_backward_pass_is_a_step(
    passes: int, task: Any, record: Callable[..., Run]
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(passes):
            task.loss(step).backward()

    run = record(task.model, task.optimizer, train)
    assert run.scalar(LOSS).steps.tolist() == list(range(passes))
    assert (run.totals.column(OPTIMIZER_STEPS) == 0).all()
    assert (run.parameters.column(UPDATE_NORM) == 0).all()
    assert np.isfinite(run.parameters.column(GRAD_NORM)).all()


def test_the_loop_is_the_clock_where_neither_backward_nor_step_is_seen(
    task: Any, record: Callable[..., Run]
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for loss in (3.0, 2.0, 1.0):
            monitor.step(loss)

    run = record(task.model, task.optimizer, train)
    assert run.scalar(LOSS).values.tolist() == [3.0, 2.0, 1.0]


def test_the_first_accumulated_step_is_step_zero_with_the_mean_loss(
    task: Any, record: Callable[..., Run]
) -> None:
    losses: list[float] = []

    def train(monitor: lossmon.Monitor) -> None:
        for step in range(3):
            task.optimizer.zero_grad()
            for part in range(4):
                loss = task.loss(4 * step + part)
                loss.backward()
                losses.append(loss.item())
            task.optimizer.step()

    run = record(task.model, task.optimizer, train)
    assert run.scalar(LOSS).steps.tolist() == [0, 1, 2]
    assert run.scalar(LOSS).values == pytest.approx(np.reshape(losses, (3, 4)).mean(1), rel=1e-6)


def test_a_closure_is_read_after_the_step_that_calls_it(record: Callable[..., Run]) -> None:
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, norms = torch.randn(8, 4), []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        norms.append(float(model.weight.grad.norm()))
        return loss

    run = record(model, optimizer, lambda m: [optimizer.step(closure) for _ in range(5)])
    assert run.parameters.column(GRAD_NORM)[:, 0] == pytest.approx(norms, rel=1e-5)
    assert (run.parameters.column(UPDATE_NORM)[:, 0] > 0).all()


def test_lbfgs_counts_one_step_a_call(record: Callable[..., Run]) -> None:
    model = nn.Linear(4, 1)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)
    x, y = torch.randn(16, 4), torch.randn(16, 1)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        return loss

    run = record(model, optimizer, lambda m: [optimizer.step(closure) for _ in range(5)])
    assert run.scalar(LOSS).steps.tolist() == list(range(5))


def test_a_subclass_that_calls_its_parents_step_counts_once(
    task: Any, record: Callable[..., Run]
) -> None:
    class Wrapped(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            return super().step(closure)

    torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    task.optimizer = Wrapped(task.model.parameters(), lr=0.1)
    run = record(task.model, task.optimizer, lambda m: task.train(6, m.step))
    assert run.scalar(LOSS).steps.tolist() == list(range(6))


def test_of_two_optimizers_each_step_measures_only_its_own_parameters(
    task: Any, record: Callable[..., Run]
) -> None:
    first = torch.optim.SGD(task.model[0].parameters(), lr=0.1)
    second = torch.optim.SGD(task.model[2].parameters(), lr=0.1)

    def train(monitor: lossmon.Monitor) -> None:
        for step in range(3):
            for optimizer in (first, second):
                task.model.zero_grad()
                task.loss(step).backward()
                optimizer.step()

    run = record(task.model, [first, second], train)
    moved = ~np.isnan(run.parameters.column(UPDATE_NORM))
    assert moved[0].tolist() == [True, True, False, False]
    assert moved[1].tolist() == [False, False, True, True]
    assert [g.optimizer for g in run.meta.groups] == ["SGD", "SGD"]


def test_param_groups_have_an_lr_series_each_and_added_ones_appear(
    task: Any, record: Callable[..., Run]
) -> None:
    optimizer = torch.optim.SGD(task.model[0].parameters(), lr=0.1)
    task.optimizer = optimizer

    def train(monitor: lossmon.Monitor) -> None:
        task.train(3, monitor.step)
        optimizer.add_param_group({"params": task.model[2].parameters(), "lr": 0.01})
        task.train(3, monitor.step)

    run = record(task.model, optimizer, train)
    assert run.series["train/lr"].steps.tolist() == [0, 1, 2]
    assert run.series["train/lr/1"].values == pytest.approx([0.01] * 3)
    assert [p.group for p in run.meta.parameters] == [0, 0, 1, 1]


def test_optimizers_that_step_after_one_backward_pass_make_one_step(
    task: Any, record: Callable[..., Run]
) -> None:
    first = torch.optim.SGD(task.model[0].parameters(), lr=0.1)
    second = torch.optim.SGD(task.model[2].parameters(), lr=0.1)

    def train(monitor: lossmon.Monitor) -> None:
        for step in range(4):
            task.model.zero_grad()
            loss = task.loss(step)
            loss.backward()
            first.step()
            second.step()
            monitor.step(loss)

    run = record(task.model, [first, second], train)
    assert run.scalar(LOSS).steps.tolist() == list(range(4))
    assert run.parameters.steps.tolist() == list(range(4))
    assert (run.parameters.column(UPDATE_NORM) > 0).all()
    assert (run.parameters.column(GRAD_NORM) > 0).all()
    assert (run.parameters.column(UPDATE_DOT_PREV)[1:] != 0).all()
    assert run.scalar(TOTAL_UPDATE_RATIO).steps.tolist() == list(range(4))


def test_closures_of_two_optimizers_are_two_steps(task: Any, record: Callable[..., Run]) -> None:
    optimizers = [torch.optim.SGD(task.model[i].parameters(), lr=0.1) for i in (0, 2)]

    def closure() -> torch.Tensor:
        task.model.zero_grad()
        loss = task.loss()
        loss.backward()
        return loss

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            for optimizer in optimizers:
                optimizer.step(closure)

    run = record(task.model, optimizers, train)
    assert run.scalar(LOSS).steps.tolist() == list(range(6))


def test_steps_of_one_optimizer_without_a_backward_pass_are_steps_each(
    task: Any, record: Callable[..., Run]
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            for parameter in task.model.parameters():
                parameter.grad = torch.ones_like(parameter)
            task.optimizer.step()
            monitor.step(1.0)

    assert record(task.model, task.optimizer, train).scalar(LOSS).steps.tolist() == [0, 1, 2]
