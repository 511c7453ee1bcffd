"""What transformers' Trainer writes: `train/loss` as lossmon does, and one point of summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.diagnosis.finding import Report
from lossmon.eventfile.logdir import read_runs
from lossmon.records import Run
from lossmon.signals import LOSS, LR, TOTAL_GRAD_NORM, VAL_LOSS

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("transformers")]


@pytest.fixture(scope="module")
def logs(write_logs: Callable[..., Path]) -> Path:
    return write_logs("transformers")


@pytest.fixture(scope="module")
def run(logs: Path) -> Run:
    (found,) = read_runs(logs)
    return found


def test_scalars_are_what_tensorboard_reads(
    run: Run, logs: Path, assert_as_tensorboard_reads: Callable[[Run, Path], None]
) -> None:
    assert_as_tensorboard_reads(run, logs / "run")
    assert len(run.series["train/loss"]) == 60


def test_the_mean_loss_that_ends_the_training_is_not_its_loss(run: Run) -> None:
    assert len(run.series["train/train_loss"]) == 1
    assert run.scalar(LOSS) is run.series["train/loss"]


def test_evaluation_loss_lr_and_norm_are_found(run: Run) -> None:
    assert run.scalar(VAL_LOSS) is run.series["eval/loss"]
    assert run.scalar(LR) is run.series["train/learning_rate"]
    assert run.scalar(TOTAL_GRAD_NORM) is run.series["train/grad_norm"]


def test_a_training_that_works_is_learning(
    run: Run, healthy_report: Callable[[Run], Report]
) -> None:
    assert healthy_report(run).status == "learning"
