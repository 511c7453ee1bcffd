from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import lossmon
from lossmon.records import Run
from lossmon.signals import LOSS


def test_a_step_that_raises_costs_one_step_and_not_the_rest(
    task: Any, record: Callable[..., Run]
) -> None:
    class Failing(torch.optim.SGD):
        fails = False

        def step(self, closure: Any = None) -> Any:
            if self.fails:
                raise MemoryError
            return super().step(closure)

    optimizer = task.optimizer = Failing(task.model.parameters(), lr=0.1)

    def train(monitor: lossmon.Monitor) -> None:
        task.train(3, monitor.step)
        optimizer.fails = True
        with pytest.raises(MemoryError):
            task.train(1, monitor.step)
        optimizer.fails = False
        task.train(10, monitor.step)

    assert len(record(task.model, optimizer, train).scalar(LOSS)) >= 12


def test_the_loss_under_a_grad_scaler_is_the_unscaled_one(
    task: Any, record: Callable[..., Run]
) -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    losses: list[float] = []

    def train(monitor: lossmon.Monitor) -> None:
        for step in range(5):
            task.optimizer.zero_grad()
            loss = task.loss(step)
            losses.append(loss.item())
            scaler.scale(loss).backward()
            scaler.step(task.optimizer)
            scaler.update()

    run = record(task.model, task.optimizer, train)
    assert run.scalar(LOSS).values == pytest.approx(losses, rel=1e-6)


def test_a_monitor_does_not_keep_the_model_alive(tmp_path: Path) -> None:
    model = nn.Linear(4, 2)
    optimizer = torch.optim.Adam(model.parameters())
    monitor = lossmon.watch(model, optimizer, logdir=tmp_path / "run")
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(1, 4)).sum().backward()
        optimizer.step()
    gone = [weakref.ref(model), weakref.ref(optimizer), weakref.ref(model.weight)]
    del model, optimizer
    gc.collect()
    assert [reference() for reference in gone] == [None, None, None]
    monitor.close()
