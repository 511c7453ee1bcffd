"""A loop with Lightning Fabric records what a plain loop records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lightning.fabric import Fabric
from lightning.fabric.loggers import CSVLogger
from torch import nn

import lossmon
from lossmon.records import Run
from lossmon.signals import LOSS

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("lightning")]


def train(task: Any, logdir: Path | None) -> nn.Module:
    fabric = Fabric(accelerator="cpu", precision="bf16-mixed" if task.bf16 else "32-true")
    net, criterion = task.net(), nn.CrossEntropyLoss()
    model, optimizer = fabric.setup(net, task.optimizer(net))
    if logdir:
        mon = lossmon.integrations.fabric.watch(fabric, model, optimizer, logdir=logdir, every=1)
    for batch, (x, y) in enumerate(fabric.setup_dataloaders(task.loader()), 1):
        is_last = batch % task.accumulate == 0
        with fabric.no_backward_sync(model, enabled=not is_last):
            fabric.backward(criterion(model(x), y) / task.accumulate)
        if is_last:
            if task.clip is not None:
                fabric.clip_gradients(model, optimizer, max_norm=task.clip)
            optimizer.step()
            optimizer.zero_grad()
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


def test_the_run_lies_where_fabric_logs(small: Any, tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path, name="mine", version=3)
    fabric = Fabric(accelerator="cpu", loggers=logger)
    net = small.net()
    model, optimizer = fabric.setup(net, small.optimizer(net))
    mon = lossmon.integrations.fabric.watch(fabric, model, optimizer)
    mon.close()
    assert Path(mon.logdir) == tmp_path / "mine" / "version_3"


def test_the_recipe_works(small: Any, tmp_path: Path, follow: Callable[..., Any]) -> None:
    net = small.net()
    follow("fabric", fabric=Fabric(accelerator="cpu"), model=net, optimizer=small.optimizer(net))
    assert len(lossmon.read_run(str(tmp_path / "runs" / "run")).series[LOSS.tag]) == small.steps
