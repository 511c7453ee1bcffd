"""However a backward pass is made, it is one; evaluation and gradients of inputs are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lossmon.records import Run
from lossmon.signals import (
    BACKWARDS,
    GRAD_NORM,
    LOSS,
    TRAIN_MODE,
)

Watched = Callable[[Callable[[], None]], dict[str, Run]]


class Critic(nn.Sequential):
    """A discriminator."""


def squared(output: torch.Tensor) -> torch.Tensor:
    return output.square().mean()


class OwnLoss(torch.autograd.Function):
    """A loss with a hand-written backward pass."""

    @staticmethod
    def forward(ctx, output):  # type: ignore[no-untyped-def]  # as users write it
        ctx.save_for_backward(output)
        return output.square().mean()

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]  # as users write it
        (output,) = ctx.saved_tensors
        return grad * 2 * output / output.numel()


@pytest.mark.parametrize(
    "backward",
    [
        lambda output: squared(output).backward(),
        lambda output: torch.autograd.backward(squared(output)),
        lambda output: torch.autograd.backward([squared(output)], [torch.tensor(1.0)]),
        lambda output: OwnLoss.apply(output).backward(),
        lambda output: F.mse_loss(output, torch.zeros_like(output)).backward(),
        lambda output: (
            (F.mse_loss(output, torch.zeros_like(output)) + 0 * squared(output))
            .to(torch.float64)
            .backward()
        ),
    ],
    ids=["method", "function", "list", "own function", "functional", "sum in double"],
)
def test_however_the_backward_pass_is_made_its_loss_and_step_are_recorded(
    backward: Callable[[torch.Tensor], None], watched: Watched
) -> None:
    losses: list[float] = []

    def train() -> None:
        net = Critic(nn.Linear(3, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(10):
            optimizer.zero_grad()
            output = net(torch.randn(4, 3))
            losses.append(squared(output).item())
            backward(output)
            optimizer.step()

    (run,) = watched(train).values()
    assert run.scalar(LOSS).values == pytest.approx(losses, rel=1e-5)
    assert (run.parameters.column(GRAD_NORM) > 0).all()


def test_evaluation_passes_in_between_leave_no_trace(watched: Watched) -> None:
    def train() -> None:
        net = Critic(nn.Linear(3, 4), nn.Dropout(0.1), nn.Linear(4, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for step in range(12):
            net.train()
            optimizer.zero_grad()
            squared(net(torch.randn(4, 3))).backward()
            optimizer.step()
            if step % 3 == 2:
                net.eval()
                with torch.no_grad():
                    squared(net(torch.randn(64, 3)) + 100)

    (run,) = watched(train).values()
    assert run.scalar(LOSS).steps.tolist() == list(range(12))
    assert run.scalar(LOSS).values.max() < 50
    assert np.nanmin(run.totals.column(TRAIN_MODE)) == 1


def test_gradients_of_inputs_taken_with_autograd_grad_are_no_backward_pass(
    watched: Watched,
) -> None:
    def train() -> None:
        net = Critic(nn.Linear(3, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(6):
            optimizer.zero_grad()
            x = torch.randn(4, 3, requires_grad=True)
            (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
            (squared(net(x)) + squared(slope.norm(dim=1) - 1)).backward()
            optimizer.step()

    (run,) = watched(train).values()
    assert len(run.scalar(LOSS)) == 6
    assert np.nanmax(run.totals.column(BACKWARDS)) == 1
