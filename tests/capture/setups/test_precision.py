"""Numbers of less than single precision, and the scaler that goes with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lossmon.diagnosis.engine import diagnose
from lossmon.records import Run
from lossmon.signals import (
    BACKWARDS,
    GRAD_NONFINITE,
    LOSS,
    OPTIMIZER_STEPS,
    TOTAL_GRAD_NORM,
    UPDATE_NORM,
)

STEPS = 6
OVERFLOWS = (0, 3)
"""Steps whose scaled gradients are not finite."""


@pytest.mark.parametrize("fused", [False, True])
def test_a_scaler_is_divided_out_whoever_does_it(
    fused: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=3)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = side.loss(model)
            scale = scaler.get_scale()
            scaler.scale(loss).backward()
            side.ledger.loss(loss)
            side.ledger.unclipped(model, scale=scale)
            side.ledger.before(model, scale=scale)
            scaler.step(optimizer)
            scaler.update()
            side.ledger.after(model)
        assert scaler.get_scale() == 4096.0
        return model, optimizer, scaler

    twice(train)


@pytest.mark.parametrize("fused", [False, True])
def test_skipped_steps_move_nothing_and_are_no_fault(
    fused: bool, twice: Callable[..., list[Run]]
) -> None:
    losses: list[float] = []

    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        side.watch(model, optimizer)
        losses.clear()
        for step in range(200):
            optimizer.zero_grad()
            loss = side.loss(model)
            losses.append(loss.item())
            scaler.scale(loss).backward()
            if step in OVERFLOWS:
                model[0].weight.grad[0, 0] = float("inf")
            scaler.step(optimizer)
            scaler.update()
        return model, optimizer, scaler

    (run,) = twice(train, ledger=False)
    recorded = run.scalar(LOSS)
    moved = run.parameters.column(UPDATE_NORM).max(axis=1)
    if fused:
        # Its step runs, and does nothing.
        assert recorded.values == pytest.approx(losses, rel=1e-5)
        assert np.flatnonzero(moved == 0).tolist() == list(OVERFLOWS)
        assert run.parameters.column(GRAD_NONFINITE)[list(OVERFLOWS), 0].tolist() == [1, 1]
    else:
        # A step that never ran is none: its pass counts to the next one.
        assert len(recorded) == 200 - len(OVERFLOWS)
        assert recorded.values[0] == pytest.approx(np.mean(losses[:2]), rel=1e-5)
        assert run.totals.column(BACKWARDS)[:3, 0].tolist() == [2, 1, 2]
        assert run.totals.column(OPTIMIZER_STEPS)[-1, 0] == 198
        assert (moved > 0).all()
    assert not [f for f in diagnose(run).findings if f.severity != "info"]


def test_autocast_leaves_the_gradients_in_single_precision(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            with torch.autocast("cpu", torch.bfloat16):
                loss = side.loss(model)
            side.step(model, optimizer, loss)
        return model, optimizer

    twice(train)


@pytest.mark.parametrize("whole_step_in_autocast", [True, False])
def test_the_backward_pass_and_the_step_may_run_under_autocast_too(
    whole_step_in_autocast: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        with torch.autocast("cpu", torch.bfloat16, enabled=whole_step_in_autocast):
            for _ in range(STEPS):
                side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_weights_of_every_floating_type_are_read_in_single_precision(
    dtype: torch.dtype, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).to(dtype)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            x = torch.randn(16, 6).to(dtype)
            loss = nn.functional.cross_entropy(model(x).float(), x[:, :3].argmax(1))
            side.step(model, optimizer, loss)
        return model, optimizer

    (run,) = twice(train)
    assert {p.dtype for p in run.meta.parameters} == {str(dtype).removeprefix("torch.")}


def test_types_may_be_mixed_in_one_model(twice: Callable[..., list[Run]]) -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.low = nn.Linear(6, 8, dtype=torch.bfloat16)
            self.middle = nn.Linear(8, 8)
            self.high = nn.Linear(8, 3, dtype=torch.float64)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.high(self.middle(self.low(x.bfloat16()).float()).double()).float()

    def train(side: Any) -> tuple[Any, ...]:
        model = Mixed()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, foreach=False)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)


def test_a_model_that_changes_its_type_while_it_trains_is_read_on(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(3):
            side.step(model, optimizer, side.loss(model))
        model.double()
        for _ in range(3):
            x = torch.randn(16, 6, dtype=torch.float64)
            loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
            side.step(model, optimizer, loss)
        return model, optimizer

    (run,) = twice(train)
    assert {p.dtype for p in run.meta.parameters} == {"float64"}
    assert len(run.scalar(TOTAL_GRAD_NORM)) == STEPS
