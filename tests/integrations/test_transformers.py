"""transformers' Trainer with our callback records what a plain loop records."""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn
from torch.utils.data import SequentialSampler

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from transformers import Trainer, TrainingArguments

import lossmon
from lossmon.integrations.transformers import Monitor
from lossmon.records import Run
from lossmon.signals import LOSS, VAL_LOSS

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


def test_evaluations_are_recorded_and_the_machine_s_numbers_are_not(
    small: Any, tmp_path: Path, recorded: Callable[[], Run]
) -> None:
    options = {"eval_strategy": "steps", "eval_steps": 3}
    trainer(small, tmp_path, Model(small.net()), Monitor(tmp_path / "run"), **options).train()
    run = recorded()
    series = run.scalar(VAL_LOSS)
    assert series is not None
    assert series.steps.tolist() == [2, 5]
    assert {tag for tag in run.series if tag.startswith("val/")} == {"val/loss"}


def test_a_checkpoint_is_where_the_run_goes_on(small: Any, tmp_path: Path) -> None:
    options = {"save_strategy": "steps", "save_steps": 3, "max_steps": 3}
    trainer(small, tmp_path, Model(small.net()), Monitor(), **options).train()
    mine = Monitor()
    again = trainer(small, tmp_path, Model(small.net()), mine, max_steps=6)
    again.train(resume_from_checkpoint=True)
    assert mine.monitor is not None
    assert Path(mine.monitor.logdir) == tmp_path / "runs" / "run"
    assert lossmon.read_run(mine.monitor.logdir).series[LOSS.tag].steps.tolist() == [*range(6)]


@pytest.mark.parametrize("watch", ["callback", "lossmon run"])
def test_sums_over_all_tokens_of_a_step_are_recorded_as_their_mean(
    small: Any, tmp_path: Path, watch: str, under_lossmon_run: Any, recorded: Callable[[], Run]
) -> None:
    """As causal language models have it: accumulated batches with different numbers of tokens."""
    losses: list[float] = []

    class Counting(Model):
        def forward(self, x: Tensor, labels: Tensor, **given: Any) -> dict[str, Tensor]:
            logits, count = self.net(x), given["num_items_in_batch"]
            loss = nn.functional.cross_entropy(logits, labels, reduction="sum") / count
            losses.append(loss.item())
            return {"loss": loss, "logits": logits}

    task = replace(small, accumulate=3)
    mine = [Monitor(tmp_path / "run")] if watch == "callback" else []
    fit = trainer(task, tmp_path, Counting(task.net()), *mine)
    found = under_lossmon_run(fit.train)
    run = recorded() if mine else next(iter(found.values()))
    true = np.reshape(losses, (small.steps, 3)).sum(1)
    np.testing.assert_allclose(run.series[LOSS.tag].values, true, rtol=1e-6)


def test_a_lost_training_is_stopped(
    small: Any, tmp_path: Path, lost_after: Callable[[int], None]
) -> None:
    lost_after(4)
    fit = trainer(small, tmp_path, Model(small.net()), Monitor(tmp_path / "run"))
    assert fit.train().global_step == 4


def test_after_an_exception_the_next_training_has_a_log_of_its_own(
    small: Any, tmp_path: Path
) -> None:
    class Failing(InOrder):
        def compute_loss(self, model: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self.state.global_step == 3:
                raise ValueError("on purpose")
            return super().compute_loss(model, *args, **kwargs)

    mine = Monitor(tmp_path / "run")
    model = Model(small.net())
    with pytest.raises(ValueError, match="on purpose"):
        Failing(
            model=model, args=arguments(small, tmp_path), train_dataset=rows(small),
            callbacks=[mine],
        ).train()  # fmt: skip
    trainer(small, tmp_path, Model(small.net()), mine).train()
    assert mine.monitor is not None
    assert mine.monitor.logdir == str(tmp_path / "run-2")
    assert len(lossmon.read_run(str(tmp_path / "run")).series[LOSS.tag]) == 3


def test_a_copy_watches_nothing(small: Any, tmp_path: Path) -> None:
    mine = Monitor(tmp_path / "run", every=2)
    trainer(small, tmp_path, Model(small.net()), mine).train()
    for made in (copy.deepcopy(mine), pickle.loads(pickle.dumps(mine))):
        assert (made.monitor, made.logdir, made.options) == (None, mine.logdir, mine.options)


def test_the_recipe_works(small: Any, tmp_path: Path, follow: Callable[..., Any]) -> None:
    names = {"args": arguments(small, tmp_path / "out"), "data": rows(small)}
    follow("transformers", Trainer=InOrder, model=Model(small.net()), **names)
    run = lossmon.read_run(str(tmp_path / "out" / "runs" / "run"))
    assert len(run.series[LOSS.tag]) == small.steps
