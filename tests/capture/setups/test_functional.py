"""Gradients that do not come from `backward`: torch.func, and modules called with other weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap

from lossmon.records import Run
from lossmon.signals import LOSS, OPTIMIZER_STEPS, UNCLIPPED_NORM, UPDATE_NORM

STEPS = 5


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


@pytest.mark.parametrize("per_example", [True, False])
def test_gradients_of_a_function_are_those_of_the_step_and_the_loop_tells_the_loss(
    per_example: bool, twice: Callable[..., list[Run]]
) -> None:
    losses: list[float] = []

    def train(side: Any) -> tuple[Any, ...]:
        model = net()
        criterion = nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer, criterion=criterion)
        losses.clear()

        def loss_of(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
            return criterion(functional_call(model, weights, (x,)), y)

        for _ in range(STEPS):
            x = torch.randn(16, 6)
            y = x[:, :3].argmax(1)
            weights = {name: p.detach() for name, p in model.named_parameters()}
            if per_example:
                each, values = vmap(grad_and_value(loss_of), (None, 0, 0))(weights, x, y)
                grads, loss = {n: g.mean(0) for n, g in each.items()}, values.mean()
            else:
                grads, loss = grad_and_value(loss_of)(weights, x, y)
            for name, parameter in model.named_parameters():
                parameter.grad = grads[name]
            side.ledger.before(model)
            optimizer.step()
            side.ledger.after(model)
            losses.append(float(loss))
            if side.watched:
                side.monitors[0].step(loss)
        return model, optimizer

    (run,) = twice(train, ledger=False)
    assert run.scalar(LOSS).values == pytest.approx(losses, rel=1e-5)
    assert run.totals.column(OPTIMIZER_STEPS)[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert (run.parameters.column(UPDATE_NORM) > 0).all()
    assert np.isnan(run.parameters.column(UNCLIPPED_NORM)).all()


def test_a_module_called_with_other_weights_leaves_its_own_rows_alone(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            x = torch.randn(16, 6)
            y = x[:, :3].argmax(1)
            # One inner step of MAML: the loss is that of moved weights.
            weights = dict(model.named_parameters())
            inner = F.cross_entropy(functional_call(model, weights, (x,)), y)
            grads = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
            pairs = zip(weights.items(), grads, strict=True)
            moved = {name: p - 0.1 * g for (name, p), g in pairs}
            side.step(model, optimizer, F.cross_entropy(functional_call(model, moved, (x,)), y))
        return model, optimizer

    twice(train)


def test_transforms_beside_the_training_are_not_disturbed(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer, criterion=nn.CrossEntropyLoss())
        for _ in range(STEPS):
            slope = vmap(grad(lambda x: model(x).sum()))(torch.randn(4, 6))
            assert slope.shape == (4, 6)
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)
