"""The gradient before clipping beside the one that is applied: their ratio is the clip factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lossmon.records import Run
from lossmon.signals import TOTAL_GRAD_NORM, TOTAL_UNCLIPPED_NORM, UNCLIPPED_NORM

STEPS = 5
LIMIT = 0.1


def by_data(parameters: Any) -> None:
    """Clip as old code does it: past autograd's version counter."""
    for parameter in parameters:
        parameter.grad.data.clamp_(-0.01, 0.01)


CLIPS: dict[str, Callable[[Any], Any]] = {
    "norm": lambda parameters: nn.utils.clip_grad_norm_(parameters, LIMIT),
    "value": lambda parameters: nn.utils.clip_grad_value_(parameters, 0.01),
    "value, by .data": by_data,
    "not at all": lambda parameters: None,
}


@pytest.mark.parametrize("how", list(CLIPS))
def test_both_gradients_are_recorded(how: str, twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = side.loss(model)
            side.ledger.loss(loss)
            loss.backward()
            side.ledger.unclipped(model)
            CLIPS[how](list(model.parameters()))
            side.ledger.before(model)
            optimizer.step()
            side.ledger.after(model)
        return model, optimizer

    (run,) = twice(train)
    before, applied = (run.scalar(s).values for s in (TOTAL_UNCLIPPED_NORM, TOTAL_GRAD_NORM))
    assert (before > LIMIT).all()
    if how == "norm":
        assert applied == pytest.approx([LIMIT] * STEPS, rel=1e-3)
    elif how == "not at all":
        assert applied.tolist() == before.tolist()
    else:
        assert (applied < before).all()


def test_inside_a_closure_too(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        side.watch(model, optimizer)

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = side.loss(model)
            side.ledger.loss(loss)
            loss.backward()
            side.ledger.unclipped(model)
            nn.utils.clip_grad_norm_(model.parameters(), LIMIT)
            return loss

        for _ in range(STEPS):
            side.ledger.weights(model)
            optimizer.step(closure)
            side.ledger.after(model)
        return model, optimizer

    (run,) = twice(train)
    assert run.scalar(TOTAL_GRAD_NORM).values == pytest.approx([LIMIT] * STEPS, rel=1e-3)


@pytest.mark.parametrize("unscales", [True, False])
def test_what_a_grad_scaler_multiplied_is_divided_out(
    unscales: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = side.loss(model)
            side.ledger.loss(loss)
            scaler.scale(loss).backward()
            side.ledger.unclipped(model, scale=1024.0)
            if unscales:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), LIMIT)
                side.ledger.before(model)
            else:
                # A clip of scaled gradients bites far too hard: the ratio is to show it.
                nn.utils.clip_grad_norm_(model.parameters(), LIMIT)
                side.ledger.before(model, scale=1024.0)
            scaler.step(optimizer)
            scaler.update()
            side.ledger.after(model)
        return model, optimizer, scaler

    twice(train)


@pytest.mark.parametrize("mixed", [True, False])
def test_a_scale_that_cannot_be_told_leaves_the_gradient_before_clipping_out(
    mixed: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            optimizer.zero_grad()
            if mixed:
                scaler.scale(side.loss(model)).backward()
                side.loss(model).backward()
            else:
                (scaler.scale(side.loss(model)) / 4).backward()
            scaler.step(optimizer)
            scaler.update()
        return model, optimizer, scaler

    (run,) = twice(train, ledger=False)
    # Of accumulated passes it is known from the first step on how many there are.
    assert np.isnan(run.parameters.column(UNCLIPPED_NORM)[1:]).all()


def test_several_optimizers_after_one_pass_each_keep_what_it_left(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizers = [torch.optim.SGD(model[i].parameters(), lr=0.5) for i in (0, 3)]
        side.watch(model, optimizers)
        for _ in range(STEPS):
            model.zero_grad()
            loss = side.loss(model)
            side.ledger.loss(loss)
            loss.backward()
            side.ledger.unclipped(model)
            nn.utils.clip_grad_norm_(model.parameters(), LIMIT)
            side.ledger.before(model)
            for optimizer in optimizers:
                optimizer.step()
            side.ledger.after(model)
        return model, *optimizers

    twice(train)
