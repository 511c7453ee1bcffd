"""transformers' Trainer with our callback records what a plain loop records."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, nn
from torch.utils.data import SequentialSampler

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from transformers import Trainer, TrainingArguments

from lossmon.integrations.transformers import Monitor
from lossmon.records import Run

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("transformers")]


class Model(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.net(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class InOrder(Trainer):
    """As TRL's trainers are: a subclass."""

    def _get_train_sampler(self, *_: Any) -> Any:
        return SequentialSampler(self.train_dataset)


def arguments(task: Any, folder: Path, **options: Any) -> TrainingArguments:
    settings = {
        "output_dir": str(folder),
        "report_to": [],
        "use_cpu": True,
        "learning_rate": task.lr,
        "lr_scheduler_type": "constant",
        "per_device_train_batch_size": 16,
        "num_train_epochs": 1,
        "gradient_accumulation_steps": task.accumulate,
        "max_grad_norm": task.clip or 0.0,
        "bf16": task.bf16,
        "save_strategy": "no",
        "logging_steps": 50,
        "disable_tqdm": True,
    }
    return TrainingArguments(**{**settings, **options})


def rows(task: Any) -> list[dict[str, Tensor]]:
    return [{"x": x, "labels": y} for x, y in task.data()]


def trainer(task: Any, folder: Path, model: nn.Module, *callbacks: Any, **options: Any) -> InOrder:
    return InOrder(
        model=model,
        args=arguments(task, folder, **options),
        train_dataset=rows(task),
        eval_dataset=rows(task)[:32],
        optimizers=(task.optimizer(model), None),
        callbacks=list(callbacks),
    )


@pytest.fixture
def train(tmp_path: Path) -> Callable[[Any, Path | None], nn.Module]:
    def train(task: Any, logdir: Path | None) -> nn.Module:
        model = Model(task.net())
        callbacks = [] if logdir is None else [Monitor(logdir, every=1)]
        trainer(task, tmp_path / "out", model, *callbacks).train()
        return model.net

    return train


def test_the_log_says_what_that_of_a_plain_loop_says(
    task: Any, train: Any, agrees: Callable[..., Run]
) -> None:
    agrees(task, train)


@pytest.mark.parametrize("task", SHORT, indirect=True, ids=lambda task: task)
def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, train: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, train)
