"""A loop with Accelerate records what a plain loop records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator
from torch import nn

import lossmon
from lossmon.records import Run

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
