from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.utils.checkpoint
from torch import nn

import lossmon
from lossmon.records import Run
from lossmon.signals import BACKWARDS, LOSS


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


def test_a_reentrant_checkpoint_is_one_backward_pass(record: Callable[..., Run]) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.ones(2, 4, requires_grad=True)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            inner = torch.utils.checkpoint.checkpoint(model[0], x, use_reentrant=True)
            model[1](inner).square().mean().backward()
            optimizer.step()

    run = record(model, optimizer, train)
    assert run.totals.column(BACKWARDS)[:, 0].tolist() == [1, 1, 1]
    assert len(run.scalar(LOSS)) == 3


def test_backward_of_a_generator_of_roots_still_works(
    task: Any, record: Callable[..., Run]
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        torch.autograd.backward(task.loss(i) for i in range(2))
        task.optimizer.step()

    record(task.model, task.optimizer, train)
    assert task.model[0].weight.grad is not None


def test_a_monitor_that_nobody_keeps_goes_on_and_closes_at_exit(
    tmp_path: Path, run_python: Callable[..., Any]
) -> None:
    done = run_python(
        "-c",
        "import torch, lossmon\n"
        "m = torch.nn.Linear(2, 1); o = torch.optim.SGD(m.parameters(), lr=0.1)\n"
        "lossmon.watch(m, o, logdir='run')\n"
        "for _ in range(5):\n"
        "    o.zero_grad(); m(torch.ones(1, 2)).sum().backward(); o.step()\n"
        "raise RuntimeError('end')\n",
        cwd=tmp_path,
    )
    assert done.stderr.splitlines()[-1] == "RuntimeError: end"
    run = lossmon.read_run(tmp_path / "run")
    assert len(run.scalar(LOSS)) == 5
    assert [m.detail for m in run.marks if m.kind == "exception"] == [
        {"error": "RuntimeError: end"}
    ]
