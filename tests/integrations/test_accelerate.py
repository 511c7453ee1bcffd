"""A loop with Accelerate records what a plain loop records."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator
from torch import nn

import lossmon
from lossmon.records import Run
from lossmon.signals import LOSS

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("transformers")]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Accelerators share one state in a process."""
    from accelerate.state import AcceleratorState, GradientState, PartialState

    for state in (AcceleratorState, GradientState, PartialState):
        state._reset_state()


def train(task: Any, logdir: Path | None, *, words: bool = False) -> nn.Module:
    accelerator = Accelerator(
        cpu=True,
        mixed_precision="bf16" if task.bf16 else "no",
        gradient_accumulation_steps=task.accumulate,
    )
    net, criterion = task.net(), nn.CrossEntropyLoss()
    model, optimizer, loader = accelerator.prepare(net, task.optimizer(net), task.loader())
    if logdir:
        mon = lossmon.integrations.accelerate.watch(
            accelerator, model, optimizer, logdir=logdir, every=1
        )
    for x, y in loader:
        with accelerator.accumulate(model):
            loss = criterion(model(x), y)
            accelerator.backward(loss)
            if accelerator.sync_gradients and task.clip is not None:
                accelerator.clip_grad_norm_(model.parameters(), task.clip)
            optimizer.step()
            optimizer.zero_grad()
        if logdir and words:
            mon.step(loss)
    if logdir:
        mon.close()
    return net


def test_the_log_says_what_that_of_a_plain_loop_says(task: Any, agrees: Callable[..., Run]) -> None:
    agrees(task, train)


@pytest.mark.parametrize("task", SHORT, indirect=True, ids=lambda task: task)
def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, train)


@pytest.mark.parametrize("task", ["accumulated"], indirect=True)
def test_a_loop_may_tell_the_loss_of_every_pass(task: Any, agrees: Callable[..., Run]) -> None:
    agrees(task, partial(train, words=True))


def test_the_run_lies_where_the_accelerator_logs(small: Any, tmp_path: Path) -> None:
    accelerator = Accelerator(cpu=True, project_dir=tmp_path)
    net = small.net()
    model, optimizer = accelerator.prepare(net, small.optimizer(net))
    mon = lossmon.integrations.accelerate.watch(accelerator, model, optimizer)
    mon.close()
    assert Path(mon.logdir) == tmp_path


def test_the_recipe_works(small: Any, tmp_path: Path, follow: Callable[..., Any]) -> None:
    net = small.net()
    follow(
        "accelerate", accelerator=Accelerator(cpu=True), model=net, optimizer=small.optimizer(net)
    )
    assert len(lossmon.read_run(str(tmp_path / "runs" / "run")).series[LOSS.tag]) == small.steps
