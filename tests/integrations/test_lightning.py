"""Lightning's Trainer with our callback records what a plain loop records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor, nn

from lossmon.integrations.lightning import Monitor
from lossmon.records import Run

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("lightning")]


class Module(L.LightningModule):
    def __init__(self, task: Any) -> None:
        super().__init__()
        self.task, self.net = task, task.net()

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self.log("val_loss", self.training_step(batch, index))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.task.optimizer(self.net)


def trainer(task: Any, callbacks: list[Any], **options: Any) -> L.Trainer:
    settings = {
        "max_epochs": 1,
        "accelerator": "cpu",
        "logger": False,
        "accumulate_grad_batches": task.accumulate,
        "gradient_clip_val": task.clip,
        "precision": "bf16-mixed" if task.bf16 else "32-true",
        "enable_progress_bar": False,
        "enable_checkpointing": False,
        "enable_model_summary": False,
    }
    return L.Trainer(callbacks=callbacks, **{**settings, **options})


def train(task: Any, logdir: Path | None) -> nn.Module:
    module = Module(task)
    callbacks = [] if logdir is None else [Monitor(logdir, every=1)]
    trainer(task, callbacks).fit(module, task.loader())
    return module.net


def test_the_log_says_what_that_of_a_plain_loop_says(task: Any, agrees: Callable[..., Run]) -> None:
    agrees(task, train)


@pytest.mark.parametrize("task", SHORT, indirect=True, ids=lambda task: task)
def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, train)
