"""skorch's nets with our callback record what a plain loop records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping
from torch import Tensor, nn

from lossmon.integrations.skorch import Monitor
from lossmon.records import Run

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("skorch")]


class Net(NeuralNetClassifier):
    """Accumulates gradients as skorch's manual says to."""

    def __init__(self, *args: Any, task: Any, **kwargs: Any) -> None:
        self.task = task
        super().__init__(*args, **kwargs)

    def infer(self, x: Any, **kwargs: Any) -> Any:
        with self.task.precision():
            return super().infer(x, **kwargs)

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        with self.task.precision():
            return super().get_loss(*args, **kwargs) / self.task.accumulate

    def train_step(self, batch: Any, **given: Any) -> Any:
        found = self.train_step_single(batch, **given)
        if len(self.history[-1, "batches"]) % self.task.accumulate == 0:
            self.optimizer_.step()
            self.optimizer_.zero_grad()
        return found


def net(task: Any, *callbacks: Any, **options: Any) -> NeuralNetClassifier:
    settings = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.Adam,
        "lr": task.lr,
        "batch_size": 16,
        "max_epochs": 1,
        "train_split": None,
        "classes": [0, 1, 2],
        "verbose": 0,
    }
    options = {**settings, **options, "callbacks": list(callbacks)}
    if task.accumulate > 1 or task.bf16:
        return Net(task.net(), task=task, **options)
    return NeuralNetClassifier(task.net(), **options)


def train(task: Any, logdir: Path | None) -> nn.Module:
    callbacks = [] if logdir is None else [Monitor(logdir, every=1)]
    if task.clip is not None:
        callbacks.append(GradientNormClipping(task.clip))
    trained = net(task, *callbacks)
    trained.fit(*task.data().tensors)
    module: nn.Module = trained.module_
    return module


def test_the_log_says_what_that_of_a_plain_loop_says(task: Any, agrees: Callable[..., Run]) -> None:
    if task.accumulate > 1 and task.clip is not None:
        pytest.skip("its callback clips after every pass")
    agrees(task, train)


@pytest.mark.parametrize("task", SHORT, indirect=True, ids=lambda task: task)
def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, train)
