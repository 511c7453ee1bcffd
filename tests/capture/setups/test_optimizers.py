from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW, NAdam, RMSprop

from lossmon.diagnosis.engine import diagnose
from lossmon.records import Run
from lossmon.signals import (
    BACKWARDS,
    GRAD_NORM,
    LOSS,
    OPTIMIZER_STEPS,
    UNCLIPPED_NORM,
    UPDATE_NORM,
)

STEPS = 5


@pytest.mark.parametrize("way", ["foreach", "fused", "for-loop"])
@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_every_implementation_of_an_optimizer_is_read_alike(
    kind: Any, way: str, twice: Callable[..., list[Run]]
) -> None:
    how = {"foreach": {"foreach": True}, "fused": {"fused": True}, "for-loop": {"foreach": False}}

    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = kind(model.parameters(), lr=0.01, weight_decay=0.1, **how[way])
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        lambda p: Adam(p, lr=torch.tensor(0.01), amsgrad=True),
        lambda p: RMSprop(p, lr=0.01, centered=True),
        lambda p: NAdam(p, lr=0.01),
        lambda p: Adam(p, lr=0.01, maximize=True),
        lambda p: Adam([{"params": [q], "lr": 0.01 * (i + 1)} for i, q in enumerate(p)]),
    ],
    ids=["nesterov", "lr as a tensor", "rmsprop", "nadam", "maximize", "a group a parameter"],
)
def test_so_are_others(make: Any, twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = make(list(model.parameters()))
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)


def test_lbfgs_is_read_after_the_step_that_calls_the_closure(
    twice: Callable[..., list[Run]],
) -> None:
    calls: list[int] = []

    def train(side: Any) -> tuple[Any, ...]:
        model = nn.Linear(4, 1)
        x, y = torch.randn(16, 4), torch.randn(16, 1)
        optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)
        side.watch(model, optimizer)
        calls.clear()

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            side.ledger.loss(loss)
            loss.backward()
            calls[-1] += 1
            return loss

        for _ in range(STEPS):
            calls.append(0)
            side.ledger.weights(model)
            optimizer.step(closure)
            side.ledger.unclipped(model)
            side.ledger.after(model)
        return model, optimizer

    (run,) = twice(train)
    assert run.totals.column(BACKWARDS)[:, 0].tolist() == calls
    norms = run.parameters.column(GRAD_NORM)
    # The gradient of the last evaluation is what still lies there after the step.
    np.testing.assert_allclose(norms, run.parameters.column(UNCLIPPED_NORM), rtol=1e-6)


@pytest.mark.parametrize("kind", [Adagrad, SGD])
def test_sparse_gradients_are_read_as_the_dense_ones_they_stand_for(
    kind: Any, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = nn.Sequential(nn.EmbeddingBag(40, 5, sparse=True), nn.Linear(5, 2))
        optimizer = kind(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            x = torch.randint(0, 40, (8, 3))
            side.step(model, optimizer, F.cross_entropy(model(x), x[:, 0] % 2))
        return model, optimizer

    twice(train)


def test_sparse_adam_beside_a_dense_optimizer(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = nn.Sequential(nn.EmbeddingBag(40, 5, sparse=True), nn.Linear(5, 2))
        optimizers = [torch.optim.SparseAdam(model[0].parameters()), Adam(model[1].parameters())]
        side.watch(model, optimizers)
        for _ in range(STEPS):
            model.zero_grad()
            x = torch.randint(0, 40, (8, 3))
            loss = F.cross_entropy(model(x), x[:, 0] % 2)
            loss.backward()
            side.ledger.loss(loss)
            side.ledger.before(model)
            for optimizer in optimizers:
                optimizer.step()
            side.ledger.after(model)
        return model, *optimizers

    twice(train)


class Lookahead(SGD):
    """Calls its parent's step, and moves the weights once more after it."""

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.mul_(0.99)
        return loss


@pytest.mark.parametrize("parent_was_used", [True, False])
def test_a_subclass_that_calls_its_parents_step_is_measured_whole(
    parent_was_used: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        if parent_was_used:
            SGD(nn.Linear(1, 1).parameters(), lr=0.1)
        model = side.classifier()
        optimizer = Lookahead(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)


@pytest.mark.parametrize("drops_gradients", [True, False])
def test_optimizers_inside_the_backward_pass_make_one_step_of_it(
    drops_gradients: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizers = {p: SGD([p], lr=0.1) for p in model.parameters()}
        side.watch(model, list(optimizers.values()))
        norms: dict[Tensor, float] = {}

        def step(parameter: Tensor) -> None:
            norms[parameter] = float(parameter.grad.norm())
            optimizers[parameter].step()
            if drops_gradients:
                optimizers[parameter].zero_grad()

        for parameter in model.parameters():
            parameter.register_post_accumulate_grad_hook(step)
        for _ in range(STEPS):
            if not drops_gradients:
                model.zero_grad()
            side.ledger.weights(model)
            loss = side.loss(model)
            side.ledger.loss(loss)
            loss.backward()
            named = {name: norms[p] for name, p in model.named_parameters()}
            side.ledger._note(GRAD_NORM, named)
            side.ledger.after(model)
        return model, *optimizers.values()

    (run,) = twice(train)
    assert run.totals.column(BACKWARDS)[:, 0].tolist() == [1] * STEPS
    assert not [f for f in diagnose(run).findings if f.severity != "info"]


def test_generator_and_discriminator_are_watched_each_for_itself(
    twice: Callable[..., list[Run]],
) -> None:
    told: dict[str, list[float]] = {"critic": [], "painter": []}

    def train(side: Any) -> tuple[Any, ...]:
        painter, critic = (
            nn.Linear(4, 2),
            nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)),
        )
        paint, judge = Adam(painter.parameters(), lr=0.01), Adam(critic.parameters(), lr=0.01)
        side.watch(critic, judge)
        side.watch(painter, paint)
        for losses in told.values():
            losses.clear()
        for _ in range(20):
            fake = painter(torch.randn(16, 4))
            judge.zero_grad()
            doubt = F.softplus(critic(fake.detach())).mean()
            doubt = doubt + F.softplus(-critic(torch.randn(16, 2) + 2)).mean()
            doubt.backward()
            judge.step()
            paint.zero_grad()
            hope = F.softplus(-critic(fake)).mean()
            hope.backward()
            paint.step()
            told["critic"].append(doubt.item())
            told["painter"].append(hope.item())
        return painter, critic, paint, judge

    for run, losses in zip(twice(train, ledger=False), told.values(), strict=True):
        assert run.scalar(LOSS).values == pytest.approx(losses, rel=1e-5)
        assert (run.parameters.column(UPDATE_NORM) > 0).all()


def test_gradients_put_there_by_hand_are_those_of_the_step(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = nn.Linear(3, 2)
        optimizer = SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            grads = torch.autograd.grad(
                model(torch.randn(4, 3)).square().mean(), model.parameters()
            )
            for parameter, gradient in zip(model.parameters(), grads, strict=True):
                parameter.grad = gradient
            side.ledger.before(model)
            optimizer.step()
            side.ledger.after(model)
        return model, optimizer

    (run,) = twice(train, ledger=False)
    assert np.isnan(run.parameters.column(UNCLIPPED_NORM)).all(), "no backward pass was seen"
    assert (run.parameters.column(GRAD_NORM) > 0).all()
    assert run.totals.column(OPTIMIZER_STEPS)[:, 0].tolist() == [1, 2, 3, 4, 5]


def test_an_optimizer_made_anew_goes_on_with_the_run(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = Adam(model.parameters(), lr=0.01)
        side.watch(model, optimizer)
        for _ in range(3):
            side.step(model, optimizer, side.loss(model))
        state = copy.deepcopy(optimizer.state_dict())
        optimizer = Adam(model.parameters(), lr=0.02)
        optimizer.load_state_dict(state)
        for _ in range(3):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)
