"""The critical lr of a quadratic is 2 / curvature, and of anything else it raises the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lossmon.probes.lr_sweep import lr_sweep
from lossmon.probes.outcome import CannotRunError

Ask = Callable[..., Any]
CURVATURE = 5.0


class Point(nn.Module):
    """A parameter on a quadratic of known curvature."""

    def __init__(self, at: float = 3.0) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.tensor([at]))

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * CURVATURE * (self.at * x).square()


def height(model: nn.Module, batch: Tensor) -> Tensor:
    return model(batch).mean()


@pytest.mark.parametrize("lr", [1e-4, 0.01, 0.39, 0.41, 3.0, 1e3])
def test_of_a_quadratic_it_is_two_over_the_curvature(ask: Ask, lr: float) -> None:
    model = Point()
    found = ask(lr_sweep, model, torch.ones(4), height, torch.optim.SGD(model.parameters(), lr=lr))
    assert found.lr == lr
    assert found.critical_lr == pytest.approx(2 / CURVATURE, rel=1e-3)
    assert found.lrs[0] == 0
    assert list(found.lrs) == sorted(found.lrs)
    assert len(found.losses) == len(found.lrs)


def test_of_adams_first_step_it_is_twice_the_distance(ask: Ask) -> None:
    model = Point(at=3.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    # The first step is lr long, whatever the gradient: the other side of the bowl is 6 away.
    found = ask(lr_sweep, model, torch.ones(4), height, optimizer)
    assert found.critical_lr == pytest.approx(6.0, rel=1e-3)


def test_momentum_that_leads_uphill_has_none(ask: Ask) -> None:
    model = Point(at=1.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    optimizer.state[model.at]["momentum_buffer"] = torch.tensor([-1e3])
    found = ask(lr_sweep, model, torch.ones(4), height, optimizer)
    assert found.critical_lr == 0
    assert "at any lr" in str(found)


def test_a_loss_without_a_bottom_has_none(ask: Ask) -> None:
    model = nn.Linear(1, 1)
    slope = lambda model, batch: model(batch).mean()  # noqa: E731
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    found = ask(lr_sweep, model, torch.ones(4, 1), slope, optimizer)
    assert math.isinf(found.critical_lr)


def test_a_real_loss_rises_beyond_it_and_not_before(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10))
    x = torch.randn(64, 20)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    found = ask(lr_sweep, model, (x, x[:, :10].argmax(1)), optimizer=optimizer)
    for lr, loss in zip(found.lrs[1:], found.losses[1:], strict=True):
        if lr < 0.98 * found.critical_lr:
            assert loss <= found.losses[0]
        elif lr > 1.02 * found.critical_lr:
            assert loss > found.losses[0]


def test_an_optimizer_that_asks_for_a_closure_gets_one(ask: Ask) -> None:
    model = Point()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.01, max_iter=1)
    found = ask(lr_sweep, model, torch.ones(4), height, optimizer)
    assert found.critical_lr > 0
    assert float(model.at.detach()) == 3.0


def test_a_scheduler_does_not_step_the_original(ask: Ask) -> None:
    model = Point()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.optim.lr_scheduler.StepLR(optimizer, 1)
    found = ask(lr_sweep, model, torch.ones(4), height, optimizer)
    assert found.critical_lr == pytest.approx(2 / CURVATURE, rel=1e-3)
    assert float(model.at.detach()) == 3.0


@pytest.mark.parametrize(
    ("optimizer", "why"),
    [
        (lambda p: (), "no optimizer is known"),
        (lambda p: torch.optim.SGD(p, lr=0.0), "the lr is 0"),
        (lambda p: torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1), "changes none"),
    ],
)
def test_without_an_update_there_is_no_answer(ask: Ask, optimizer: Any, why: str) -> None:
    model = Point()
    with pytest.raises(CannotRunError, match=why):
        ask(lr_sweep, model, torch.ones(4), height, optimizer(model.parameters()))
