"""Ignite's engines with our handlers record what a plain loop records."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events, create_supervised_evaluator
from ignite.metrics import Loss
from torch import nn

import lossmon
from lossmon.integrations.ignite import attach
from lossmon.records import Run
from lossmon.signals import LOSS, VAL_LOSS

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


def test_the_metrics_of_an_evaluator_are_recorded(
    small: Any, tmp_path: Path, recorded: Callable[[], Run]
) -> None:
    net = small.net()
    optimizer = small.optimizer(net)
    trainer = engine(small, net, optimizer)
    evaluator = create_supervised_evaluator(net, {"loss": Loss(nn.CrossEntropyLoss())})
    attach(trainer, net, optimizer, evaluator=evaluator, logdir=tmp_path / "run")
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(small.loader()))
    trainer.run(small.loader(), max_epochs=2)
    series = recorded().scalar(VAL_LOSS)
    assert series is not None
    assert series.steps.tolist() == [small.steps - 1, 2 * small.steps - 1]


@pytest.mark.parametrize("task", ["accumulated and clipped"], indirect=True)
def test_losses_of_a_grad_scaler_are_recorded_unscaled(
    task: Any, agrees: Callable[..., Run]
) -> None:
    agrees(replace(task, name="scaled"), train)


@pytest.mark.parametrize("takes_it", [True, False])
def test_an_exception_goes_where_it_would_go_without_us(
    small: Any,
    tmp_path: Path,
    takes_it: bool,
    recorded: Callable[[], Run],
    ending: Callable[[Run], str],
) -> None:
    net = small.net()
    optimizer = small.optimizer(net)
    trainer = engine(small, net, optimizer)

    def fail(engine: Engine) -> None:
        raise ValueError("on purpose")

    attach(trainer, net, optimizer, logdir=tmp_path / "run")
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=3), fail)
    if takes_it:
        trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda error: None)
    with nullcontext() if takes_it else pytest.raises(ValueError, match="on purpose"):
        trainer.run(small.loader())
    assert ending(recorded()) == "ValueError: on purpose"


def test_an_engine_that_goes_on_goes_on_with_its_run(
    small: Any, tmp_path: Path, recorded: Callable[[], Run]
) -> None:
    net = small.net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    trainer = engine(small, net, optimizer)
    attach(trainer, net, optimizer, logdir=tmp_path / "run")
    trainer.run(small.loader(), max_epochs=1)
    trainer.run(small.loader(), max_epochs=2)
    assert recorded().series[LOSS.tag].steps.tolist() == [*range(2 * small.steps)]


def test_a_lost_training_is_stopped(
    small: Any, tmp_path: Path, lost_after: Callable[[int], None]
) -> None:
    lost_after(4)
    net = small.net()
    optimizer = small.optimizer(net)
    trainer = engine(small, net, optimizer)
    attach(trainer, net, optimizer, logdir=tmp_path / "run")
    assert trainer.run(small.loader(), max_epochs=3).iteration == 4


def test_the_recipe_works(small: Any, follow: Callable[..., Any]) -> None:
    net = small.net()
    optimizer = small.optimizer(net)
    names = {"trainer": engine(small, net, optimizer), "evaluator": Engine(lambda *_: None)}
    follow("ignite", model=net, optimizer=optimizer, **names)
    assert len(lossmon.read_run("runs/run").series[LOSS.tag]) == 2 * small.steps
