"""Activations that are computed a second time, inside the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.checkpoint
from torch import Tensor, nn

from lossmon.records import Run
from lossmon.signals import BACKWARDS, MODULE_RAN

STEPS = 4


class Checkpointed(nn.Module):
    def __init__(self, *, reentrant: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)
        self.drop, self.reentrant = nn.Dropout(0.2), reentrant

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.utils.checkpoint.checkpoint(
            lambda x: self.drop(self.first(x).tanh()), x, use_reentrant=self.reentrant
        )
        return self.second(inner)


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_pass_that_recomputes_is_one_pass(
    reentrant: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = Checkpointed(reentrant=reentrant)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            x = torch.randn(16, 6, requires_grad=True)
            loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
            side.step(model, optimizer, loss)
        return model, optimizer

    (run,) = twice(train)
    assert run.totals.column(BACKWARDS)[:, 0].tolist() == [1] * STEPS
    assert np.nanmin(run.parameters.column(MODULE_RAN)) == 1


def test_a_second_backward_through_a_kept_graph_is_a_second_pass(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = side.loss(model)
            for _ in range(2):
                loss.backward(retain_graph=True)
                side.ledger.loss(loss)
            side.ledger.unclipped(model)
            side.ledger.before(model)
            optimizer.step()
            side.ledger.after(model)
        return model, optimizer

    twice(train)


def test_a_gradient_of_a_gradient_is_read_with_the_rest(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            x = torch.randn(16, 6, requires_grad=True)
            out = model(x)
            (slope,) = torch.autograd.grad(out.sum(), x, create_graph=True)
            side.step(
                model, optimizer, out.square().mean() + (slope.norm(dim=1) - 1).square().mean()
            )
        return model, optimizer

    twice(train)
