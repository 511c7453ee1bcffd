"""Ignite's engines with our handlers record what a plain loop records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from lossmon.integrations.ignite import attach
from lossmon.records import Run

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("ignite")]


def engine(task: Any, net: nn.Module, optimizer: torch.optim.Optimizer) -> Engine:
    criterion = nn.CrossEntropyLoss()
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0, enabled=task.name == "scaled")

    def step(engine: Engine, batch: Any) -> float:
        with task.precision():
            loss = criterion(net(batch[0]), batch[1])
        scaler.scale(loss / task.accumulate).backward()
        if engine.state.iteration % task.accumulate == 0:
            scaler.unscale_(optimizer)
            if task.clip is not None:
                nn.utils.clip_grad_norm_(net.parameters(), task.clip)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
        return loss.item()

    return Engine(step)


def train(task: Any, logdir: Path | None) -> nn.Module:
    net = task.net()
    optimizer = task.optimizer(net)
    trainer = engine(task, net, optimizer)
    if logdir is not None:
        attach(trainer, net, optimizer, logdir=logdir, every=1)
    trainer.run(task.loader(), max_epochs=1)
    return net


def test_the_log_says_what_that_of_a_plain_loop_says(task: Any, agrees: Callable[..., Run]) -> None:
    agrees(task, train)


@pytest.mark.parametrize("task", SHORT, indirect=True, ids=lambda task: task)
def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, train)
